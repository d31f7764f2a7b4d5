// What is shown of the scheduler.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_SCHEDULER_METRICS_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_SCHEDULER_METRICS_H_

#include <array>
#include <cstdint>

#include "common/metrics/metrics.h"
#include "services/delivery/domain/queue/shard_scheduler.h"

namespace crier::delivery {

// Used by one thread.
class SchedulerMetrics {
 public:
  explicit SchedulerMetrics(metrics::Registry& registry);

  // As the scheduler is now. One scheduler for each object: what has changed is counted since the
  // last call.
  void Show(const ShardScheduler& scheduler);

 private:
  prometheus::Gauge& queued_;
  prometheus::Gauge& shards_;
  std::array<prometheus::Counter*, 3> circuits_;  // by Circuit
  std::array<int64_t, 3> shown_changes_ = {};
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_SCHEDULER_METRICS_H_
