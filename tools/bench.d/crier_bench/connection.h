// A connection to the receiver.
#ifndef CRIER_TOOLS_BENCH_D_CRIER_BENCH_CONNECTION_H_
#define CRIER_TOOLS_BENCH_D_CRIER_BENCH_CONNECTION_H_

#include <http_parser.h>
#include <openssl/ssl.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace crier::bench {

// Answers 200 to each POST as it comes, over HTTP/1.1. Anything else ends the connection, and so
// does a peer that does not take its answers: what is measured does neither. Not thread-safe.
class Connection {
 public:
  // Called with the body of each request, before the answer.
  using OnRequest = std::function<void(absl::string_view body)>;

  // Owns `socket`, which does not block. TLS if there is a `tls`. `on_request` must outlive it.
  Connection(int socket, SSL_CTX* tls, const OnRequest& on_request);
  ~Connection();

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Answers what has arrived; `buffer` is to read into. False when the connection has ended.
  bool Serve(absl::Span<char> buffer);

 private:
  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };
  // What a piece of the stream leads to.
  enum class Read { kData, kNothingYet, kEnd };

  static const http_parser_settings& Callbacks();

  Read ReadSome(absl::Span<char> buffer, absl::string_view& data);
  bool Parse(absl::string_view data);
  bool Write(absl::string_view data);

  const int socket_;
  const std::unique_ptr<SSL, Free> tls_;
  const OnRequest& on_request_;
  http_parser parser_;
  std::string body_;
  std::string answers_;  // to what was parsed
  bool keep_alive_ = true;
};

}  // namespace crier::bench

#endif  // CRIER_TOOLS_BENCH_D_CRIER_BENCH_CONNECTION_H_
