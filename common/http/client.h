// An asynchronous HTTP client for calls to strangers, on libcurl's multi interface. It follows no
// redirects, reads no proxy or netrc settings from its surroundings, decodes no content, verifies
// TLS, and caps whatever a receiver may send.
#ifndef CRIER_COMMON_HTTP_CLIENT_H_
#define CRIER_COMMON_HTTP_CLIENT_H_

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace crier::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// A POST.
struct Request {
  std::string url;
  Headers headers;  // sent in this order, before those that HTTP itself needs
  std::string body;
  absl::Duration connect_timeout = absl::Seconds(5);
  // Everything included: name look-up, connection, request and response.
  absl::Duration timeout = absl::Seconds(15);
  // Connections are reused only among requests of one group (a community).
  int64_t connection_group = 0;
};

// How a request ended.
enum class Result {
  kResponse,     // a response with any status arrived
  kTimedOut,
  kUnreachable,  // no address, no connection, or it broke
  kForbidden,    // the address filter refused the target
  kTlsFailed,
};

struct Response {
  Result result = Result::kUnreachable;
  // In words, when there is no response; empty otherwise. Holds no header, body or URL.
  std::string error;
  int status = 0;
  Headers headers;            // names in lower case; at most 100, values cut at 8 KiB
  std::string body;           // the first 20,000 bytes
  absl::Duration duration;
};

struct ClientOptions {
  // Says whether a connection to the address may be made; asked for every address of the answer of
  // the resolver (one refusal refuses the target) and again where the socket is opened. Called from
  // the client's thread; must not block.
  std::function<bool(const sockaddr&)> allow_address;
  // Requests on the wire at once; more wait their turn in the client.
  int max_in_flight = 200;
  // Further trusted roots (PEM file), beside the system's; empty for none.
  std::string extra_roots_file;
};

// Thread-safe; runs one thread. Callbacks run on it and must not block.
class Client {
 public:
  explicit Client(ClientOptions options);

  // Cancels what is under way (its callbacks get kUnreachable), then stops.
  ~Client();

  void Send(Request request, std::function<void(Response)> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_CLIENT_H_
