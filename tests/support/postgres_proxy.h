// A network between a test and its Postgres that fails on demand.
#ifndef CRIER_TESTS_SUPPORT_POSTGRES_PROXY_H_
#define CRIER_TESTS_SUPPORT_POSTGRES_PROXY_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace crier::tests {

// Passes bytes on, on a thread of its own, between connections to url() and the server behind it.
// Thread-safe.
class PostgresProxy {
 public:
  // What becomes of a connection whose client sends a certain text.
  enum class Fault {
    kLoseRequest,  // broken before the server hears of it
    kLoseReply,    // broken after the server has done it
    kFallSilent,   // neither broken, nor does anything pass from then on
  };

  // Stands before the server of `server_url`, on a free port of 127.0.0.1.
  explicit PostgresProxy(const std::string& server_url);

  // Breaks all connections.
  ~PostgresProxy();

  // To connect through the proxy, without encryption.
  const std::string& url() const;

  // From now on the proxy swallows everything: nothing breaks and nothing arrives.
  void Freeze();

  // Strikes the next connection on which the client sends `text`; once.
  void BreakAt(absl::string_view text, Fault fault);

  // Breaks all connections; new ones are fine.
  void BreakAll();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::tests

#endif  // CRIER_TESTS_SUPPORT_POSTGRES_PROXY_H_
