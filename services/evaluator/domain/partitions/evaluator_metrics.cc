#include "services/evaluator/domain/partitions/evaluator_metrics.h"

namespace crier::evaluator {

EvaluatorMetrics::EvaluatorMetrics(metrics::Registry& registry)
    : events(
          registry.Counter("crier_evaluator_events_total", "Events compared with the workflows.")),
      matches(registry.Counter("crier_evaluator_matches_total",
                               "Deliveries handed over to the delivery service.")),
      held(registry.Counter(
          "crier_evaluator_held_deliveries_total",
          "Deliveries of events put off to a later day by the cap of their workflow.")),
      suppressed(registry.Counter(
          "crier_evaluator_suppressed_deliveries_total",
          "Deliveries of events that are not sent, as a month of days is full by the cap.")),
      paced(registry.Counter(
          "crier_evaluator_paced_deliveries_total",
          "Deliveries of events put off because their community was over its rate.")),
      paced_communities(registry.Gauge("crier_evaluator_paced_communities",
                                       "Communities whose deliveries of events are put off.")),
      lost_events(registry.Counter(
          "crier_evaluator_lost_events_total",
          "Events dropped by the retention of the log before they were evaluated.")),
      interruptions(registry.Counter("crier_evaluator_interruptions_total",
                                     "Unwanted ends of the evaluation of a log partition.")),
      interrupted_log_partitions(
          registry.Gauge("crier_evaluator_interrupted_log_partitions",
                         "Log partitions whose evaluation stands still after an interruption.")),
      leased_log_partitions(registry.Gauge("crier_evaluator_leased_log_partitions",
                                           "Log partitions leased by this process.")),
      lag_events(registry.Gauge("crier_evaluator_lag_events",
                                "Events behind the heads of the leased log partitions.")),
      lag_seconds(registry.Gauge(
          "crier_evaluator_lag_seconds",
          "For how long the oldest event that is not evaluated yet has been waiting.")),
      frame_seconds(registry.Histogram(
          "crier_evaluator_frame_seconds",
          "Time from the arrival of a frame of events to the end of its hand-over.",
          metrics::LatencyBuckets())) {}

}  // namespace crier::evaluator
