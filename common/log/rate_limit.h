// Keeps a site that logs in a loop from drowning all others. Internal to common/log.
#ifndef CRIER_COMMON_LOG_RATE_LIMIT_H_
#define CRIER_COMMON_LOG_RATE_LIMIT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace crier::log {

// A bucket of lines for each site, filled steadily. A site is known by its message, which is a
// constant; what makes more than kMaxSites of them shares one bucket. Thread-safe.
class RateLimit {
 public:
  static constexpr double kLinesPerSecond = 10;
  static constexpr double kBurst = 100;
  static constexpr size_t kMaxSites = 1000;

  // Whether the site may write a line at `now` (of a clock that does not step); if so, how many of
  // its lines were left out since the last one that was written.
  std::optional<int64_t> Admit(absl::string_view site, absl::Duration now);

 private:
  struct Bucket {
    double lines = kBurst;
    absl::Duration filled;
    int64_t suppressed = 0;
  };

  absl::Mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::log

#endif  // CRIER_COMMON_LOG_RATE_LIMIT_H_
