// A reader in bulk of the ingest service.
#ifndef CRIER_TOOLS_BENCH_D_CRIER_BENCH_READ_H_
#define CRIER_TOOLS_BENCH_D_CRIER_BENCH_READ_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace crier::bench {

struct ReadOptions {
  std::string target;  // of the ingest service
  int64_t community = 0;
  std::string filter;
};

// Streams the contacts of a community and prints one JSON line: how many, seconds, contacts a
// second.
absl::Status Read(const ReadOptions& options);

}  // namespace crier::bench

#endif  // CRIER_TOOLS_BENCH_D_CRIER_BENCH_READ_H_
