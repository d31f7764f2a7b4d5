#include "common/pg/pool_metrics.h"

namespace crier::pg {
namespace {

prometheus::Counter& ConnectCounter(metrics::Registry& registry, const std::string& pool,
                                    const char* result) {
  return registry.Counter("crier_postgres_pool_connects_total",
                          "Attempts to open a connection to Postgres by their result.",
                          {{"pool", pool}, {"result", result}});
}

}  // namespace

PoolMetrics::Metrics::Metrics(metrics::Registry& registry, const std::string& pool)
    : size(registry.Gauge("crier_postgres_pool_size", "Connections that the pool may have.",
                          {{"pool", pool}})),
      in_use(registry.Gauge("crier_postgres_pool_in_use", "Connections that are being used.",
                            {{"pool", pool}})),
      wait_seconds(registry.Histogram("crier_postgres_pool_wait_seconds",
                                      "How long a connection of the pool was waited for.",
                                      metrics::LatencyBuckets(), {{"pool", pool}})),
      timeouts(registry.Counter("crier_postgres_pool_timeouts_total",
                                "Waits for a connection that the deadline ended.",
                                {{"pool", pool}})),
      connects(ConnectCounter(registry, pool, "ok")),
      connect_failures(ConnectCounter(registry, pool, "failed")) {}

PoolMetrics::PoolMetrics(metrics::Registry* registry, const std::string& pool, int size) {
  if (registry == nullptr) return;
  metrics_.emplace(*registry, pool);
  metrics_->size.Set(size);
}

void PoolMetrics::Waited(absl::Duration time, bool got_one) {
  if (!metrics_) return;
  metrics_->wait_seconds.Observe(absl::ToDoubleSeconds(time));
  if (got_one) {
    metrics_->in_use.Increment();
  } else {
    metrics_->timeouts.Increment();
  }
}

void PoolMetrics::Returned() {
  if (metrics_) metrics_->in_use.Decrement();
}

void PoolMetrics::Connected(bool ok) {
  if (metrics_) (ok ? metrics_->connects : metrics_->connect_failures).Increment();
}

}  // namespace crier::pg
