// What the callers of a load share.
#ifndef CRIER_TOOLS_BENCH_D_CRIER_BENCH_PROGRESS_H_
#define CRIER_TOOLS_BENCH_D_CRIER_BENCH_PROGRESS_H_

#include <atomic>
#include <cstddef>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tools/bench.d/crier_bench/load.h"
#include "tools/bench.d/crier_bench/moments.h"

namespace crier::bench {

// Consecutive record numbers of one call.
struct Chunk {
  size_t first = 0;
  size_t size = 0;
  absl::Time due;  // not to be sent before
};

// The numbers still to be sent, and what was measured. Thread-safe; options and moments must
// outlive it.
class Progress {
 public:
  Progress(const LoadOptions& options, Moments& answers);

  // The next records; an empty chunk at the end, or after a failure.
  Chunk Next(size_t size);

  void Answered(const Chunk& chunk, absl::Duration elapsed);

  // Whether a call that came to this is to be made again.
  bool ShouldRepeat(const absl::Status& status);

  // Ends the load.
  void Fail(const absl::Status& status);

  // Prints the line of Load(), or returns the first failure.
  absl::Status Report();

 private:
  const LoadOptions& options_;
  Moments& answers_;
  const absl::Time start_;
  std::atomic<size_t> next_ = 0;
  std::atomic<size_t> repeated_ = 0;
  std::atomic<bool> failed_ = false;
  absl::Mutex mutex_;
  std::vector<absl::Duration> calls_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::bench

#endif  // CRIER_TOOLS_BENCH_D_CRIER_BENCH_PROGRESS_H_
