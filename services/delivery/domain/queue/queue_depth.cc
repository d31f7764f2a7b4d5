#include "services/delivery/domain/queue/queue_depth.h"

#include <algorithm>

namespace crier::delivery {
namespace {

prometheus::Gauge& WebhookGauge(metrics::Registry& registry, const char* state) {
  return registry.Gauge("crier_delivery_webhooks",
                        "Webhooks by state; one replica shows it, the others show 0.",
                        {{"state", state}});
}

}  // namespace

QueueDepthMetrics::QueueDepthMetrics(metrics::Registry& registry)
    : due_(registry.Gauge("crier_delivery_queue_due",
                          "Deliveries that could be attempted now, at most 1000 of each webhook, "
                          "without those whose webhook fails or has a rate of its own; one "
                          "replica shows it, the others show 0.")),
      scheduled_(
          registry.Gauge("crier_delivery_queue_scheduled",
                         "Estimate of the other deliveries on the queue, which wait for the time "
                         "of an attempt or for their webhook; one replica shows it, the "
                         "others show 0.")),
      oldest_due_age_seconds_(registry.Gauge(
          "crier_delivery_queue_oldest_due_age_seconds",
          "For how long the oldest of the due deliveries has been due; one replica shows "
          "it, the others show 0.")),
      enabled_webhooks_(WebhookGauge(registry, "enabled")),
      paused_webhooks_(WebhookGauge(registry, "paused")),
      disabled_webhooks_(WebhookGauge(registry, "disabled")),
      failing_webhooks_(registry.Gauge(
          "crier_delivery_webhooks_failing",
          "Enabled webhooks whose attempts have all failed for five minutes or more; one "
          "replica shows it, the others show 0.")) {}

void QueueDepthMetrics::Show(const QueueDepth& depth, absl::Time now) {
  due_.Set(static_cast<double>(depth.due));
  scheduled_.Set(static_cast<double>(depth.scheduled));
  const absl::Duration age =
      depth.oldest_due_time ? now - *depth.oldest_due_time : absl::ZeroDuration();
  oldest_due_age_seconds_.Set(std::max(0.0, absl::ToDoubleSeconds(age)));
  enabled_webhooks_.Set(static_cast<double>(depth.enabled_webhooks));
  paused_webhooks_.Set(static_cast<double>(depth.paused_webhooks));
  disabled_webhooks_.Set(static_cast<double>(depth.disabled_webhooks));
  failing_webhooks_.Set(static_cast<double>(depth.failing_webhooks));
}

}  // namespace crier::delivery
