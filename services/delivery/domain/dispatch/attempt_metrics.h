// What is counted of attempts and of the deliveries that they end.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_ATTEMPT_METRICS_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_ATTEMPT_METRICS_H_

#include <map>
#include <utility>

#include "absl/time/time.h"
#include "common/metrics/metrics.h"
#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/queue/delivery.h"

namespace crier::delivery {

// As metrics and logs write it.
const char* OutcomeName(Outcome outcome);  // `timed_out`

// Thread-safe.
class AttemptMetrics {
 public:
  explicit AttemptMetrics(metrics::Registry& registry);

  // The first attempt of a delivery begins, so long after its event was accepted.
  void CountFirst(absl::Duration since_event);
  void Count(const AttemptResult& result);
  // The receiver has accepted a delivery, so long after its event was accepted.
  void CountDelivered(absl::Duration since_event);
  // Where to count that a delivery has ended in `state`; null for kPending. Lives as long as the
  // registry.
  prometheus::Counter* Ended(DeliveryState state) const;

 private:
  std::map<std::pair<Outcome, const char*>, prometheus::Counter*> attempts_;  // by status class
  std::map<DeliveryState, prometheus::Counter*> ended_;
  prometheus::Counter& refused_targets_;
  prometheus::Histogram& attempt_seconds_;
  prometheus::Histogram& event_to_attempt_seconds_;
  prometheus::Histogram& event_to_delivery_seconds_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_ATTEMPT_METRICS_H_
