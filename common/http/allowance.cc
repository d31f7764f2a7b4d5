#include "common/http/allowance.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace crier::http {
namespace {

constexpr int64_t kKiB = 1024;
// Handshake (certificates take up to 100 KiB) and what HTTP/2 begins with.
constexpr int64_t kOfConnection = 256 * kKiB;
// Twice the body and the headers of which more is not read (response_reader.cc).
constexpr int64_t kOfRequest = 512 * kKiB;
// Of about fifty requests at once; more would be saved up where responses are small.
constexpr int64_t kAtMost = 24 * kKiB * kKiB;

void Free(void*, void* left, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<int64_t*>(left);
}

// The place of an allowance in its SSL_CTX, of which libcurl makes one for each connection.
int Index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &Free);
  return index;
}

// Told of the head of every record, which ends with the length.
void OnMessage(int written, int, int type, const void* data, size_t size, SSL* tls, void* left) {
  if (written != 0 || type != SSL3_RT_HEADER || size < SSL3_RT_HEADER_LENGTH) return;
  const auto* const head = static_cast<const unsigned char*>(data);
  int64_t& rest = *static_cast<int64_t*>(left);
  rest -= static_cast<int64_t>(size) + (head[3] << 8 | head[4]);
  // From now on nothing is read any more.
  if (rest < 0) SSL_set_shutdown(tls, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

}  // namespace

void BoundConnection(SSL_CTX* context) {
  auto* const left = new int64_t(kOfConnection);
  SSL_CTX_set_ex_data(context, Index(), left);
  SSL_CTX_set_msg_callback(context, &OnMessage);
  SSL_CTX_set_msg_callback_arg(context, left);
}

void AllowRequest(CURL* easy) {
  curl_tlssessioninfo* session = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK) return;
  if (session == nullptr || session->internals == nullptr) return;
  SSL_CTX* const context = SSL_get_SSL_CTX(static_cast<SSL*>(session->internals));
  auto* const left = static_cast<int64_t*>(SSL_CTX_get_ex_data(context, Index()));
  if (left != nullptr) *left = std::min(*left + kOfRequest, kAtMost);
}

}  // namespace crier::http
