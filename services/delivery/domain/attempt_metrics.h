// What is counted of attempts.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPT_METRICS_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPT_METRICS_H_

#include <array>

#include "absl/time/time.h"
#include "common/metrics/metrics.h"
#include "services/delivery/domain/sender.h"

namespace crier::delivery {

// Thread-safe.
class AttemptMetrics {
 public:
  explicit AttemptMetrics(metrics::Registry& registry);

  // The first attempt of a delivery begins, so long after its event was accepted.
  void CountFirst(absl::Duration since_event);
  void Count(const AttemptResult& result);
  // Deliveries in memory, and shards whose leases are held.
  void Show(int queued, int shards);

 private:
  std::array<prometheus::Counter*, 5> attempts_;  // by Outcome, from kSucceeded
  prometheus::Histogram& attempt_seconds_;
  prometheus::Histogram& event_to_attempt_seconds_;
  prometheus::Gauge& queued_;
  prometheus::Gauge& shards_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPT_METRICS_H_
