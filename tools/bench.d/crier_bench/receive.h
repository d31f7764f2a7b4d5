// A customer's endpoint that answers as fast as it can.
#ifndef CRIER_TOOLS_BENCH_D_CRIER_BENCH_RECEIVE_H_
#define CRIER_TOOLS_BENCH_D_CRIER_BENCH_RECEIVE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"

namespace crier::bench {

struct ReceiveOptions {
  int port = 0;  // 0 lets the system choose
  // TLS when set: PEM files.
  std::string certificate_file;
  std::string key_file;
  // Where arrivals are noted, for record numbers below `count`.
  std::string arrivals_file;
  size_t count = 0;
};

// Answers 200 to every POST, on one thread, until SIGTERM. Prints a JSON line with its port when it
// listens, and one with the numbers of requests received, of those that were no first arrival, of
// those without a record number, and of connections when it ends.
absl::Status Receive(const ReceiveOptions& options);

}  // namespace crier::bench

#endif  // CRIER_TOOLS_BENCH_D_CRIER_BENCH_RECEIVE_H_
