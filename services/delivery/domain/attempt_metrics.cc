#include "services/delivery/domain/attempt_metrics.h"

#include <algorithm>

namespace crier::delivery {
namespace {

prometheus::Counter* AttemptCounter(metrics::Registry& registry, const char* outcome) {
  return &registry.Counter("crier_delivery_attempts_total", "Attempts by how they ended.",
                           {{"outcome", outcome}});
}

}  // namespace

AttemptMetrics::AttemptMetrics(metrics::Registry& registry)
    : attempts_{AttemptCounter(registry, "succeeded"), AttemptCounter(registry, "refused"),
                AttemptCounter(registry, "timed_out"), AttemptCounter(registry, "unreachable"),
                AttemptCounter(registry, "tls_failed")},
      attempt_seconds_(registry.Histogram("crier_delivery_attempt_seconds",
                                          "How long attempts take, everything included.",
                                          metrics::LatencyBuckets())),
      event_to_attempt_seconds_(
          registry.Histogram("crier_delivery_event_to_first_attempt_seconds",
                             "From the acceptance of an event to the first attempt to deliver it.",
                             metrics::LatencyBuckets())),
      queued_(registry.Gauge("crier_delivery_queue_in_memory",
                             "Deliveries held in memory, on the wire included.")),
      shards_(registry.Gauge("crier_delivery_shards_held", "Shards that this replica leases.")) {}

void AttemptMetrics::CountFirst(absl::Duration since_event) {
  event_to_attempt_seconds_.Observe(std::max(0.0, absl::ToDoubleSeconds(since_event)));
}

void AttemptMetrics::Count(const AttemptResult& result) {
  attempts_[static_cast<size_t>(result.outcome) - 1]->Increment();
  attempt_seconds_.Observe(absl::ToDoubleSeconds(result.duration));
}

void AttemptMetrics::Show(int queued, int shards) {
  queued_.Set(queued);
  shards_.Set(shards);
}

}  // namespace crier::delivery
