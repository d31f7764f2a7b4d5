#include "services/delivery/domain/dispatch/scheduler_metrics.h"

#include <cstddef>

namespace crier::delivery {
namespace {

prometheus::Counter& CircuitCounter(metrics::Registry& registry, const char* state) {
  return registry.Counter("crier_delivery_circuit_changes_total",
                          "Times that the circuit of a receiver came to a state: open, and it is "
                          "left alone; half_open, and one attempt probes it; closed, and it works.",
                          {{"state", state}});
}

}  // namespace

SchedulerMetrics::SchedulerMetrics(metrics::Registry& registry)
    : queued_(registry.Gauge("crier_delivery_queue_in_memory",
                             "Deliveries held in memory, on the wire included.")),
      shards_(registry.Gauge("crier_delivery_shards_held", "Shards that this replica leases.")),
      circuits_{&CircuitCounter(registry, "closed"), &CircuitCounter(registry, "open"),
                &CircuitCounter(registry, "half_open")} {}

void SchedulerMetrics::Show(const ShardScheduler& scheduler) {
  queued_.Set(scheduler.size());
  shards_.Set(scheduler.held_shards());
  const std::array<int64_t, 3> changes = scheduler.circuit_changes();
  for (size_t state = 0; state < changes.size(); ++state) {
    circuits_[state]->Increment(static_cast<double>(changes[state] - shown_changes_[state]));
  }
  shown_changes_ = changes;
}

}  // namespace crier::delivery
