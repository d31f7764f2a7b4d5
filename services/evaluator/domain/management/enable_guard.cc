#include "services/evaluator/domain/management/enable_guard.h"

#include <map>
#include <optional>

#include "common/status/macros.h"
#include "services/evaluator/domain/management/confirmation.h"
#include "services/evaluator/domain/workflows/run.h"

namespace crier::evaluator {

bool EnableGuard::IsNeeded(const Workflow& workflow, int64_t count) const {
  return limit_ > 0 && count > limit_ && HasRuns(workflow.workflow_template) &&
         workflow.state != State::kEnabled;
}

absl::Status EnableGuard::Check(const Workflow& workflow, const std::string& token,
                                absl::Time deadline) {
  if (limit_ == 0 || !HasRuns(workflow.workflow_template) || workflow.state == State::kEnabled) {
    return absl::OkStatus();
  }
  const absl::Time now = clock_.Now();
  const int64_t community = workflow.id.community;
  ASSIGN_OR_RETURN(const auto statuses, statuses_.Get(community, {workflow.id.id}, now, deadline));
  const auto status = statuses.find(workflow.id.id);
  const std::optional<LastScan> last =
      status == statuses.end() ? std::nullopt : status->second.last_scan;
  const RunScope scope = MakeRunScope(workflow.filter, last, false, std::nullopt, now);
  ASSIGN_OR_RETURN(const int64_t count,
                   contacts_.Count(community, SearchFilter(scope), now, deadline));
  return CheckConfirmation(token, community, workflow.filter, count, limit_, now);
}

}  // namespace crier::evaluator
