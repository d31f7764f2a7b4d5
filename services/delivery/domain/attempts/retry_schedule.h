// When a failed delivery is tried again.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_RETRY_SCHEDULE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_RETRY_SCHEDULE_H_

#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/random/bit_gen_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// The documented schedule, unless a webhook has its own: the first attempt at once, then 5 s, 5
// min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h after the end of the one before. Each delay is
// up to 20 % shorter or longer, so that deliveries that failed together do not come back together.
// What the receiver said makes it longer: after a time-out or status 429 it is a minute at least,
// and a `Retry-After` may double it, but not beyond 24 h. Thread-safe.
class RetrySchedule {
 public:
  // Attempts that a delivery gets by the documented schedule.
  static constexpr int kAttempts = 10;

  // `random` must outlive the schedule, and is used by nobody else.
  explicit RetrySchedule(absl::BitGenRef random) : random_(random) {}

  // How long to wait from `now`, the end of the attempt of this number (from 1) that has failed
  // with `result`; nothing after the last.
  std::optional<absl::Duration> DelayAfter(const RetryPolicy& policy, int attempt_number,
                                           const AttemptResult& result, absl::Time now);

 private:
  double Jitter();

  absl::Mutex mutex_;
  absl::BitGenRef random_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_RETRY_SCHEDULE_H_
