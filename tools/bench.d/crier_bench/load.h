// Callers of the ingest service.
#ifndef CRIER_TOOLS_BENCH_D_CRIER_BENCH_LOAD_H_
#define CRIER_TOOLS_BENCH_D_CRIER_BENCH_LOAD_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "tools/bench.d/crier_bench/records.h"

namespace crier::bench {

// How records reach the service; or calls as many as with one record each, which have none.
enum class Way { kUnary, kBatch, kStream, kNothing };

struct LoadOptions {
  std::string target;  // of the ingest service
  Way way = Way::kBatch;
  size_t count = 0;  // new contacts in all
  Communities communities;
  int identities = kSampleIdentities;  // of a contact, see FillContact()
  int callers = 8;                     // at the same time
  int items = 100;                     // of a call, or of a message of a stream
  int window = 10;                     // messages of a stream that are not answered yet
  double rate = 0;  // records a second, evenly; 0 means as fast as they are answered
  // Where the moment of each record's answer is noted.
  std::string answers_file;
};

// Sends the records and prints one JSON line: seconds, records a second, calls, the median and 99th
// percentile of a call's time, and how many calls had to be repeated. A call that is refused
// because the service is full or away is repeated until it succeeds; any other failure ends the
// load.
absl::Status Load(const LoadOptions& options);

}  // namespace crier::bench

#endif  // CRIER_TOOLS_BENCH_D_CRIER_BENCH_LOAD_H_
