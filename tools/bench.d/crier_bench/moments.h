// Moments of numbered events, in a file that several processes share.
#ifndef CRIER_TOOLS_BENCH_D_CRIER_BENCH_MOMENTS_H_
#define CRIER_TOOLS_BENCH_D_CRIER_BENCH_MOMENTS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace crier::bench {

// An array of nanoseconds on the system's monotonic clock, which all processes of a machine share;
// 0 where nothing has happened. The load notes when each record was answered, the receiver when its
// delivery arrived and how often; who started both reads the files. Thread-safe.
class Moments {
 public:
  // Makes the file, or opens it, and gives it room for `count` numbers.
  static absl::StatusOr<std::unique_ptr<Moments>> Map(const std::string& path, size_t count);
  ~Moments();

  Moments(const Moments&) = delete;
  Moments& operator=(const Moments&) = delete;

  // Notes now. False when the number was noted before: the first moment stays. Numbers beyond the
  // array are ignored.
  bool Note(size_t number);

 private:
  Moments(std::atomic<int64_t>* values, size_t count) : values_(values), count_(count) {}

  std::atomic<int64_t>* const values_;
  const size_t count_;
};

}  // namespace crier::bench

#endif  // CRIER_TOOLS_BENCH_D_CRIER_BENCH_MOMENTS_H_
