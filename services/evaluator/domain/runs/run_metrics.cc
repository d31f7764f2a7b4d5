#include "services/evaluator/domain/runs/run_metrics.h"

namespace crier::evaluator {
namespace {

prometheus::Counter& Runs(metrics::Registry& registry, const char* outcome) {
  return registry.Counter("crier_evaluator_runs_total", "Runs that this process has ended.",
                          {{"outcome", outcome}});
}

}  // namespace

RunMetrics::RunMetrics(metrics::Registry& registry)
    : succeeded(Runs(registry, "succeeded")),
      failed(Runs(registry, "failed")),
      members(registry.Counter("crier_evaluator_run_members_total",
                               "Members that runs handed over to the delivery service.")),
      retries(registry.Counter("crier_evaluator_run_retries_total",
                               "Errors that held up a run, to be tried again.")) {}

}  // namespace crier::evaluator
