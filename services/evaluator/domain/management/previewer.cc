#include "services/evaluator/domain/management/previewer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/filter/explain.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/matching/match_index.h"
#include "services/evaluator/domain/workflows/criteria.h"

namespace crier::evaluator {
namespace {

// What an envelope shows of a workflow that has no id yet.
constexpr int64_t kUnsavedId = 1;

// The criteria, of what was first stored after a time.
std::string FoundSince(absl::string_view criteria, absl::Time time) {
  return AlsoDemand(
      criteria,
      absl::StrCat("create_time >= \"",
                   absl::FormatTime("%E4Y-%m-%d%ET%H:%M:%E*SZ", time, absl::UTCTimeZone()), "\""));
}

}  // namespace

absl::StatusOr<Preview> Previewer::Run(const Workflow& workflow, int samples, absl::Duration recent,
                                       absl::Time deadline) {
  const int64_t community = workflow.id.community;
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const filter::Filter criteria,
                   CompileCriteria(workflow.workflow_template, workflow.filter));
  Preview preview;
  ASSIGN_OR_RETURN(preview.match_count, entities_.Count(workflow.workflow_template, community,
                                                        workflow.filter, now, deadline));
  // Each of the three looks at everybody, where criteria are met by few.
  if (preview.match_count == 0) return preview;
  ASSIGN_OR_RETURN(preview.recent_count,
                   entities_.Count(workflow.workflow_template, community,
                                   FoundSince(workflow.filter, now - recent), now, deadline));
  ASSIGN_OR_RETURN(
      std::vector<entity::v1::Event> found,
      entities_.Find(workflow.workflow_template, community, workflow.filter, samples, deadline));
  for (entity::v1::Event& event : found) {
    *event.mutable_accept_time() = api::ToProto(now);
    std::vector<std::string> reasons = filter::Explain(criteria, EntityOf(event), now);
    preview.samples.push_back({std::move(event), std::move(reasons)});
  }
  if (preview.samples.empty() || workflow.webhook == 0) return preview;
  Workflow shown = workflow;
  if (shown.id.id == 0) shown.id.id = kUnsavedId;
  ASSIGN_OR_RETURN(preview.sample_payload,
                   targets_.RenderPayload(preview.samples.front().event, shown, deadline));
  return preview;
}

}  // namespace crier::evaluator
