// How much a receiver may send.
#ifndef CRIER_COMMON_HTTP_ALLOWANCE_H_
#define CRIER_COMMON_HTTP_ALLOWANCE_H_

#include <curl/curl.h>
#include <openssl/ssl.h>

namespace crier::http {

// A TLS connection may bring what responses to its requests can need, with room to spare; then it
// is over. libcurl goes on with a connection for as long as something comes, and over HTTP/2 there
// is no end to what means nothing: pings, settings, data without content. Whoever sends that faster
// than it is read would hold up all other transfers, and no time-out would end it.

// The connection that is made with the context is bounded. To be called once for each.
void BoundConnection(SSL_CTX* context);

// One more request begins on the connection of the transfer. Without TLS this does nothing: there
// is no HTTP/2 then, and libcurl turns to the others after every few hundred KiB.
void AllowRequest(CURL* easy);

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_ALLOWANCE_H_
