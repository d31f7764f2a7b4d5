// Revisions: what a workflow did, does and will do, by positions of the event log.
//
// A workflow fires for an event exactly when one of its revisions covers the event's position. So
// an evaluator that lags, or starts again, decides about an old event as it would have decided at
// the time, and a change of a workflow takes effect between two positions.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_REVISION_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_REVISION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// Where a log partition ended at a moment.
struct LogHead {
  // From 0.
  int32_t log_partition = 0;
  // Of the last event; 0 when there was none.
  int64_t position = 0;
  // When the last event was accepted; every later change has this time or a later one. The infinite
  // past when there was none.
  absl::Time accept_time = absl::InfinitePast();
};

// A workflow as it is, or was, in force. A value.
struct Revision {
  WorkflowId workflow;
  Template workflow_template = Template::kNewMember;
  int64_t webhook = 0;
  std::string display_name;
  // Criteria that CheckCriteria() accepted.
  std::string filter;
  // Covers the positions after `from_position` up to and including `until_position`, in the log
  // partition of the workflow's community; without an end while it is in force.
  int64_t from_position = 0;
  std::optional<int64_t> until_position;
  // As of the workflow.
  int64_t max_deliveries_per_day = 0;
  std::string time_zone = "UTC";

  bool Covers(int64_t position) const {
    return from_position < position && (!until_position || position <= *until_position);
  }

  friend bool operator==(const Revision& a, const Revision& b) = default;
};

// What a change of a workflow does to its revisions.
struct Transition {
  // The open revision ends here; nothing when there is none.
  std::optional<int64_t> close_at;
  // A new one, with the new values, begins here; nothing when the workflow does not fire any more.
  std::optional<int64_t> open_from;
};

// Decides the transition from `before` to `after`. `head_position` must have been read after the
// caller's request arrived and before the change is stored: then every event accepted before the
// request has a position up to it, and every event accepted after the answer a later one.
//
// `last_boundary` is the latest position at which a revision of the workflow began or ended (0 when
// it never had one). A head that was read before a racing call stored its change may lie below it;
// the transition then happens at the boundary, as though this call had come right after the other.
// That keeps revisions from overlapping, and no promise of either call is broken: both are running.
Transition MakeTransition(const Workflow& before, const Workflow& after, int64_t head_position,
                          int64_t last_boundary);

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_REVISION_H_
