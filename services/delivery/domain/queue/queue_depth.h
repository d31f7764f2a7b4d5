// How much work waits, for whoever scales and watches the service.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_QUEUE_DEPTH_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_QUEUE_DEPTH_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "common/metrics/metrics.h"

namespace crier::delivery {

// The queue at some moment.
struct QueueDepth {
  // Deliveries that could be attempted now, and wait for us: not those of webhooks that fail or
  // have a rate of their own. Of each webhook, a thousand at most are counted.
  int64_t due = 0;
  // The others, which wait for the time of an attempt or for their webhook: an estimate from the
  // statistics of the database.
  int64_t scheduled = 0;
  // Since when the one that is due for longest has been so.
  std::optional<absl::Time> oldest_due_time;
  int64_t enabled_webhooks = 0;
  int64_t paused_webhooks = 0;
  int64_t disabled_webhooks = 0;
  int64_t failing_webhooks = 0;  // enabled, and without a success for five minutes or more
};

// A snapshot for Prometheus, which so causes no query by scraping. One replica of all shows it, the
// others show zeros. Thread-safe.
class QueueDepthMetrics {
 public:
  explicit QueueDepthMetrics(metrics::Registry& registry);

  void Show(const QueueDepth& depth, absl::Time now);

 private:
  prometheus::Gauge& due_;
  prometheus::Gauge& scheduled_;
  prometheus::Gauge& oldest_due_age_seconds_;
  prometheus::Gauge& enabled_webhooks_;
  prometheus::Gauge& paused_webhooks_;
  prometheus::Gauge& disabled_webhooks_;
  prometheus::Gauge& failing_webhooks_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_QUEUE_DEPTH_H_
