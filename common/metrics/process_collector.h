// What the operating system knows of this process, under the names that every Prometheus client
// uses.
#ifndef CRIER_COMMON_METRICS_PROCESS_COLLECTOR_H_
#define CRIER_COMMON_METRICS_PROCESS_COLLECTOR_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

namespace crier::metrics {

// Reads a few files of /proc/self at each scrape; what cannot be read is left out. Thread-safe.
class ProcessCollector : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace crier::metrics

#endif  // CRIER_COMMON_METRICS_PROCESS_COLLECTOR_H_
