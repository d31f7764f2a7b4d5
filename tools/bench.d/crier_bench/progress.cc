#include "tools/bench.d/crier_bench/progress.h"

#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"

namespace crier::bench {
namespace {

// In milliseconds; of at least one duration.
double Quantile(const std::vector<absl::Duration>& sorted, double share) {
  const auto index = static_cast<size_t>(share * static_cast<double>(sorted.size() - 1));
  return absl::ToDoubleMilliseconds(sorted[index]);
}

}  // namespace

Progress::Progress(const LoadOptions& options, Moments& answers)
    : options_(options), answers_(answers), start_(absl::Now()) {}

Chunk Progress::Next(size_t size) {
  const size_t first = next_.fetch_add(size);
  if (failed_ || first >= options_.count) return {};
  const absl::Duration wait = options_.rate > 0
                                  ? absl::Seconds(static_cast<double>(first) / options_.rate)
                                  : absl::ZeroDuration();
  return {first, std::min(size, options_.count - first), start_ + wait};
}

void Progress::Answered(const Chunk& chunk, absl::Duration elapsed) {
  for (size_t i = 0; i < chunk.size; ++i) answers_.Note(chunk.first + i);
  absl::MutexLock lock(&mutex_);
  calls_.push_back(elapsed);
}

bool Progress::ShouldRepeat(const absl::Status& status) {
  if (failed_ || !(absl::IsResourceExhausted(status) || absl::IsUnavailable(status))) return false;
  ++repeated_;
  return true;
}

void Progress::Fail(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  failed_ = true;
  status_.Update(status);
}

absl::Status Progress::Report() {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(status_);
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start_);
  std::sort(calls_.begin(), calls_.end());
  std::cout << absl::StrCat("{\"seconds\":", seconds,
                            ",\"rate\":", static_cast<double>(options_.count) / seconds,
                            ",\"calls\":", calls_.size(),
                            ",\"call_p50_ms\":", Quantile(calls_, 0.5),
                            ",\"call_p99_ms\":", Quantile(calls_, 0.99),
                            ",\"repeated\":", repeated_.load(), "}")
            << std::endl;
  return absl::OkStatus();
}

}  // namespace crier::bench
