// Workflows: what to look for, and where to send it.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_WORKFLOW_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_WORKFLOW_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/api/resource_name.h"
#include "services/evaluator/domain/workflows/daily_schedule.h"

namespace crier::evaluator {

// A workflow's community and its id in it.
using WorkflowId = api::ResourceId;

// A webhook's community and its id in it; the webhook itself belongs to the delivery service.
using WebhookId = api::ResourceId;

// An event never has more targets than its community has workflows, so with this limit every event
// fits into one call of EnqueueDeliveries (10,000 targets) and can be handed over as a whole. Calls
// that race may pass it by a few, which that call has ample room for.
inline constexpr int kMaxWorkflowsPerCommunity = 1000;

// What fires a workflow. The numbers are stored.
enum class Template {
  kNewMember = 1,
  kNewOrganization = 2,
  kNewActivity = 3,
  kMembersThatMeetCriteria = 4,
};

// Whether workflows of the template have runs (run.h); those of the others are fired by events.
inline bool HasRuns(Template workflow_template) {
  return workflow_template == Template::kMembersThatMeetCriteria;
}

// Whether a workflow fires. The numbers are stored.
enum class State {
  kDisabled = 1,
  kEnabled = 2,
  // Gone for every caller; remembered for the sake of its request id.
  kDeleted = 3,
};

// Why a workflow was disabled, where no caller did it. The numbers are stored.
enum class StopReason {
  kNone = 0,
  kWebhookDeleted = 1,
};

// A value.
struct Workflow {
  WorkflowId id;
  std::string display_name;
  Template workflow_template = Template::kNewMember;
  // Id of the webhook, in the workflow's community.
  int64_t webhook = 0;
  // Criteria that CheckCriteria() accepts; empty when everything meets them.
  std::string filter;
  // When its daily run begins, if it has runs. The day of the cap is this time zone's.
  DailySchedule schedule;
  // How many deliveries it may release in a local day; 0 for any number.
  int64_t max_deliveries_per_day = 0;
  State state = State::kDisabled;
  // kNone while it is enabled.
  StopReason stop_reason = StopReason::kNone;
  // To the microsecond, as they are stored.
  absl::Time create_time;
  absl::Time update_time;
  // Counts the changes; from 1.
  int64_t version = 0;

  // Changes with every change of the workflow.
  std::string etag() const;

  friend bool operator==(const Workflow& a, const Workflow& b) = default;
};

// What a workflow is created from.
struct NewWorkflow {
  int64_t community = 0;
  std::string display_name;
  Template workflow_template = Template::kNewMember;
  int64_t webhook = 0;
  // Criteria that CheckCriteria() accepts.
  std::string filter;
  // Makes creation repeatable; empty when the caller does not care.
  std::string request_id;
  DailySchedule schedule = {};
  int64_t max_deliveries_per_day = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_WORKFLOW_H_
