// Where it is kept what workflows have done.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_STATISTICS_STORE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_STATISTICS_STORE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// What a workflow has done, in all or since something.
struct Statistics {
  int64_t matched = 0;   // targets of events
  int64_t enqueued = 0;  // deliveries made for them
  // When the last event that fired the workflow was accepted.
  std::optional<absl::Time> last_fire_time;

  friend bool operator==(const Statistics& a, const Statistics& b) = default;
};

// What is to be added to a workflow's statistics.
struct FireCount {
  WorkflowId workflow;
  Statistics statistics;
};

// Adds counts, and keeps the later time.
void AddTo(Statistics& total, const Statistics& more);

// Implementations are thread-safe and pass statistics_store_conformance. UNAVAILABLE when the
// database is away.
class StatisticsStore {
 public:
  virtual ~StatisticsStore() = default;

  // Adds to the statistics of workflows, each named at most once. All or nothing.
  virtual absl::Status Add(const std::vector<FireCount>& counts, absl::Time deadline) = 0;

  // The statistics in the order asked for; zeros for a workflow without any.
  virtual absl::StatusOr<std::vector<Statistics>> Get(const std::vector<WorkflowId>& ids,
                                                      absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_STATISTICS_STORE_H_
