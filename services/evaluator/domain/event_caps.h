// The daily caps of workflows that events fire.
//
// Events of other workflows cannot wait for a workflow that has released what it may, so for what
// finds the cap reached nothing is sent; it is counted, and shown on the workflow. Which events
// these are follows from the log alone: of the events of a local day, by the time they were
// accepted, the first so many in the order of positions are let through. An event that is evaluated
// again, after a crash or by another replica, is decided on as it was the first time.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_EVENT_CAPS_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_EVENT_CAPS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/evaluator/domain/catalog.h"
#include "services/evaluator/domain/matcher.h"
#include "services/evaluator/domain/workflow.h"

namespace crier::evaluator {

// Events of one local day that fire one workflow with a cap.
struct CappedMatches {
  WorkflowId workflow;
  absl::Time day;  // when it began
  int64_t cap = 0;
  std::vector<int64_t> positions;  // ascending
};

// What is known of a workflow's day.
struct CappedDay {
  int64_t released = 0;
  int64_t suppressed = 0;
  // Events up to this position are counted.
  int64_t through_position = 0;
  // Of these, those that were suppressed and may come again.
  std::vector<int64_t> suppressed_positions;
};

// Counts matches into the day, and returns the positions to suppress. Events up to `confirmed` are
// handed over and do not come again.
std::vector<int64_t> CountMatches(const CappedMatches& matches, int64_t confirmed, CappedDay& day);

// Thread-safe.
class CapStore {
 public:
  virtual ~CapStore() = default;

  // CountMatches() of each, durably, all or none. UNAVAILABLE when the database is away.
  virtual absl::StatusOr<std::vector<std::vector<int64_t>>> Count(
      const std::vector<CappedMatches>& matches, int64_t confirmed, absl::Time deadline) = 0;
};

// Takes the targets out of `messages` that are beyond their workflows' caps, and messages that have
// no target left. Asks the store only if the catalog has a cap at all and one of its workflows is
// among the targets.
absl::Status ApplyCaps(const Catalog& catalog, int64_t confirmed, CapStore& store,
                       Messages& messages, absl::Time deadline);

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_EVENT_CAPS_H_
