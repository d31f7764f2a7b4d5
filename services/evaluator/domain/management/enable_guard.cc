#include "services/evaluator/domain/management/enable_guard.h"

#include <map>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/management/confirmation.h"
#include "services/evaluator/domain/workflows/criteria.h"
#include "services/evaluator/domain/workflows/run.h"

namespace crier::evaluator {
namespace {

// Finds those who meet `wider` criteria and not the `present` ones, which are not empty; where both
// together are too much for one filter, all who meet the wider ones.
std::string AddedBy(const std::string& wider, const std::string& present) {
  std::string added = AlsoDemand(wider, absl::StrCat("NOT (", present, ")"));
  return filter::Filter::Compile(added, CriteriaSchema(Template::kMembersThatMeetCriteria)).ok()
             ? added
             : wider;
}

}  // namespace

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

absl::Status EnableGuard::CheckUpdate(const Workflow& workflow, const std::string& filter,
                                      const std::string& token, absl::Time deadline) {
  const bool releases = HasRuns(workflow.workflow_template) && workflow.state == State::kEnabled;
  // Nobody meets more than no criteria at all.
  const bool all_already = absl::StripAsciiWhitespace(workflow.filter).empty();
  if (limit_ == 0 || !releases || all_already || filter == workflow.filter ||
      !CompileCriteria(workflow.workflow_template, filter).ok()) {
    return absl::OkStatus();
  }
  const absl::Time now = clock_.Now();
  const int64_t community = workflow.id.community;
  ASSIGN_OR_RETURN(const int64_t count,
                   contacts_.Count(community, AddedBy(filter, workflow.filter), now, deadline));
  return CheckConfirmation(token, community, filter, count, limit_, now);
}

}  // namespace crier::evaluator
