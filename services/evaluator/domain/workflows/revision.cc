#include "services/evaluator/domain/workflows/revision.h"

#include <algorithm>

namespace crier::evaluator {

Transition MakeTransition(const Workflow& before, const Workflow& after, int64_t head_position,
                          int64_t last_boundary) {
  const int64_t boundary = std::max(head_position, last_boundary);
  Transition transition;
  if (HasRuns(after.workflow_template)) return transition;  // no event fires it
  if (before.state == State::kEnabled) transition.close_at = boundary;
  if (after.state == State::kEnabled) transition.open_from = boundary;
  return transition;
}

}  // namespace crier::evaluator
