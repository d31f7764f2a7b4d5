// An asynchronous HTTP client for calls to strangers, on libcurl's multi interface. It follows no
// redirects, reads no proxy or netrc settings from its surroundings, decodes no content, verifies
// TLS, and caps whatever a receiver may send.
#ifndef CRIER_COMMON_HTTP_CLIENT_H_
#define CRIER_COMMON_HTTP_CLIENT_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/http/egress_proxy.h"
#include "common/http/resolver.h"

namespace crier::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// What a connection has of its own; PEM, each may be empty.
struct TlsSettings {
  // For servers that ask for one: the certificate with its chain, and its key.
  std::string client_certificate;
  std::string client_key;
  // Authorities to trust for this request, beside those of the client.
  std::string trusted_roots;
};

// A POST. Receivers close connections at rest when they like, some with a 408; a request that such
// a connection was chosen for, and that nothing else came to, is sent again at once on another, so
// a receiver may get it twice. So is one, once, that a server of HTTP/2 says not to have taken up.
struct Request {
  std::string url;  // http or https, without user info
  // Sent as they are and in this order, after `Host` and before `Content-Length`. Nothing else is
  // sent.
  Headers headers;
  std::string body;
  // Until the request can be sent: name look-up, connection, TLS.
  absl::Duration connect_timeout = absl::Seconds(5);
  // Everything included, from the moment that the request got its turn: name look-up, connection,
  // request and response.
  absl::Duration timeout = absl::Seconds(15);
  // Connections are reused only among requests of one group (a community) with the same `tls`.
  int64_t connection_group = 0;
  TlsSettings tls;
};

// How a request ended.
enum class Result {
  kResponse,  // a response with any status arrived
  kTimedOut,
  kUnreachable,  // no address, no connection, or it broke
  kForbidden,    // the address filter refused the target
  kTlsFailed,
};

// Where the time went, each from the turn of the request until the step was done; zero for a step
// that was not reached. On a connection that was reused the first steps take next to no time.
struct Timings {
  absl::Duration resolved;    // the addresses were known
  absl::Duration connected;   // TCP
  absl::Duration secured;     // TLS; zero without
  absl::Duration first_byte;  // of the response
};

// What is kept of a body, and of the value of each header.
inline constexpr size_t kKeptBodyBytes = 20'000;
inline constexpr size_t kKeptValueBytes = 8'192;

struct Response {
  Result result = Result::kUnreachable;
  // In words, when there is no response; empty otherwise. Holds no header, body, URL or host name.
  std::string error;
  int status = 0;
  // Names in lower case; at most 100, values cut at 8 KiB and free of control characters. Otherwise
  // as received: a value need not be UTF-8. More than 100, or more than 64 KiB of them, are no
  // response (kUnreachable).
  Headers headers;
  // The first 20,000 bytes, content encodings not decoded. A receiver that sends very much more is
  // cut off; what it said until then counts.
  std::string body;
  // From the turn of the request to its end.
  absl::Duration duration;
  Timings timings;
  // The address that was dialled, by this client or by the proxy, without port; empty when none
  // was.
  std::string address;
};

struct ClientOptions {
  // Says whether a connection to the address may be made; asked for every address of the answer of
  // the resolver (one refusal refuses the target), and again where the socket is opened, also for
  // literals. Called from the client's thread; must not block. Empty allows every address.
  std::function<bool(const sockaddr&)> allow_address;
  Resolver resolver = SystemResolve;
  // How long an answer of the resolver serves further requests to the name.
  absl::Duration resolver_ttl = absl::Seconds(5);
  // Requests on the wire at once; more wait their turn in the client.
  int max_in_flight = 200;
  // Further trusted roots (PEM file), beside the system's; empty for none. Read again when it
  // changes, for connections made from then on. When it cannot be read, that is logged: what
  // depends on it fails as kTlsFailed, unless it could be read before.
  std::string extra_roots_file;
  // Set to make all connections through a proxy.
  std::optional<EgressProxy> proxy;
};

// Thread-safe. Runs one thread for all requests, and a few for name look-ups. Callbacks run on the
// former, must not block and must not destroy the client; they may send further requests.
class Client {
 public:
  explicit Client(ClientOptions options);

  // Cancels what is under way or waiting (its callbacks get kUnreachable), then stops. Waits for
  // running look-ups, as long as the resolver lets them take.
  ~Client();

  // Calls `done` exactly once, never from within Send(). What waits is bounded by the caller alone.
  void Send(Request request, std::function<void(Response)> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_CLIENT_H_
