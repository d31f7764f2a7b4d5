// What operators see of evaluation.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_EVALUATOR_METRICS_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_EVALUATOR_METRICS_H_

#include "common/metrics/metrics.h"

namespace crier::evaluator {

// One set a process, shared by the loops of all log partitions. The names are an API. Thread-safe.
struct EvaluatorMetrics {
  explicit EvaluatorMetrics(metrics::Registry& registry);

  // Events that were compared with the workflows; one that is evaluated again counts again.
  prometheus::Counter& events;
  // Deliveries handed over, a target each.
  prometheus::Counter& matches;
  // Of these, those that are due on a later day, because the cap of the workflow is reached.
  prometheus::Counter& held;
  // Targets of events for which nothing is sent, because a month of such days is full.
  prometheus::Counter& suppressed;
  // Deliveries that are due later, because their community is over its rate.
  prometheus::Counter& paced;
  // Communities that have such deliveries waiting, as far as this process knows.
  prometheus::Gauge& paced_communities;
  // Events that the log dropped before they were evaluated, while some workflow was waiting for
  // them. Anything above 0 is lost data: retention is shorter than the lag was.
  prometheus::Counter& lost_events;
  // Ends of a loop's session that were not asked for: a peer or the database was away.
  prometheus::Counter& interruptions;
  // Loops that stand still since an interruption. For minutes above 0 means that something stays
  // broken; the log says what.
  prometheus::Gauge& interrupted_log_partitions;
  // Log partitions leased by this process.
  prometheus::Gauge& leased_log_partitions;
  // Events behind the heads of the leased log partitions, in total.
  prometheus::Gauge& lag_events;
  // How long the oldest event that is not evaluated yet has been waiting, over the leased log
  // partitions; exact to a few seconds.
  prometheus::Gauge& lag_seconds;
  // From the arrival of a frame to the end of its hand-over.
  prometheus::Histogram& frame_seconds;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_EVALUATOR_METRICS_H_
