// When a failed delivery is tried again.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_RETRY_SCHEDULE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_RETRY_SCHEDULE_H_

#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/random/bit_gen_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace crier::delivery {

// The documented schedule: the first attempt at once, then 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14
// h, 20 h and 24 h after the end of the one before, each up to 20 % shorter or longer so that
// deliveries that failed together do not come back together. Thread-safe.
class RetrySchedule {
 public:
  // Attempts that a delivery gets.
  static constexpr int kAttempts = 10;

  // `random` must outlive the schedule, and is used by nobody else.
  explicit RetrySchedule(absl::BitGenRef random) : random_(random) {}

  // How long to wait after the attempt of this number (from 1) has failed; nothing after the last.
  std::optional<absl::Duration> DelayAfter(int attempt_number);

 private:
  absl::Mutex mutex_;
  absl::BitGenRef random_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_RETRY_SCHEDULE_H_
