// One log line for each finished attempt, wide enough to answer most questions by itself.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_ATTEMPT_LOG_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_ATTEMPT_LOG_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "services/delivery/domain/queue/delivery.h"

namespace crier::delivery {

// Writes `attempt finished` with where the delivery stands (by this attempt: who cancels it or
// wants it again meanwhile has another line), what came of the attempt and how long everything
// took. Every failure has its line, at `info`, and one success of kSuccessesPerLine, which says so
// in `sampled_1_in`; the other successes are lines of level `debug`. No URL, header, payload or
// error text: they are the customer's, and in the store. Thread-safe.
class AttemptLog {
 public:
  static constexpr uint64_t kSuccessesPerLine = 100;

  // `event_age`: from the acceptance of the event to now. `next_attempt`: from now, when the state
  // is kPending.
  void Write(const DeliveryId& id, int64_t workflow_id, const Attempt& attempt, DeliveryState state,
             absl::Duration event_age, absl::Duration next_attempt);

 private:
  std::atomic<uint64_t> successes_ = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_ATTEMPT_LOG_H_
