// What operators see of a pool. Internal to common/pg.
#ifndef CRIER_COMMON_PG_POOL_METRICS_H_
#define CRIER_COMMON_PG_POOL_METRICS_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/metrics/metrics.h"

namespace crier::pg {

// Thread-safe. Without a registry it does nothing.
class PoolMetrics {
 public:
  PoolMetrics(metrics::Registry* registry, const std::string& pool, int size);

  // Somebody has waited for a connection, and got one or gave up.
  void Waited(absl::Duration time, bool got_one);
  // A connection that somebody had got is free again.
  void Returned();
  // An attempt to open a connection has ended.
  void Connected(bool ok);

 private:
  struct Metrics {
    Metrics(metrics::Registry& registry, const std::string& pool);
    prometheus::Gauge& size;
    prometheus::Gauge& in_use;
    prometheus::Histogram& wait_seconds;
    prometheus::Counter& timeouts;
    prometheus::Counter& connects;
    prometheus::Counter& connect_failures;
  };
  std::optional<Metrics> metrics_;
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_POOL_METRICS_H_
