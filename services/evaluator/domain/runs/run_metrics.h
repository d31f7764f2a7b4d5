// What operators see of runs.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_METRICS_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_METRICS_H_

#include "common/metrics/metrics.h"

namespace crier::evaluator {

// One set a process. The names are an API. Thread-safe.
struct RunMetrics {
  explicit RunMetrics(metrics::Registry& registry);

  // Ends of runs that this process worked on, by how they ended.
  prometheus::Counter& succeeded;
  prometheus::Counter& failed;
  // Members handed over by runs.
  prometheus::Counter& members;
  // Errors that a run was held for, to be tried again.
  prometheus::Counter& retries;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_METRICS_H_
