#include "services/evaluator/transport/workflow_proto.h"

#include "absl/status/statusor.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/api/validation.h"
#include "services/evaluator/domain/workflows/criteria.h"

namespace crier::evaluator::transport {
namespace {

using V1Workflow = workflow::v1::Workflow;

constexpr size_t kMaxDisplayNameBytes = 255;

V1Workflow::Template ToProto(Template workflow_template) {
  switch (workflow_template) {
    case Template::kNewMember:
      return V1Workflow::NEW_MEMBER;
    case Template::kNewOrganization:
      return V1Workflow::NEW_ORGANIZATION;
    case Template::kNewActivity:
      return V1Workflow::NEW_ACTIVITY;
    case Template::kMembersThatMeetCriteria:
      return V1Workflow::MEMBERS_THAT_MEET_CRITERIA;
  }
}

Template ReadTemplate(V1Workflow::Template workflow_template, FieldViolations& violations) {
  switch (workflow_template) {
    case V1Workflow::NEW_MEMBER:
      return Template::kNewMember;
    case V1Workflow::NEW_ORGANIZATION:
      return Template::kNewOrganization;
    case V1Workflow::NEW_ACTIVITY:
      return Template::kNewActivity;
    case V1Workflow::MEMBERS_THAT_MEET_CRITERIA:
      return Template::kMembersThatMeetCriteria;
    case V1Workflow::TEMPLATE_UNSPECIFIED:
      violations.Add("workflow.template",
                     "must be NEW_MEMBER, NEW_ORGANIZATION, NEW_ACTIVITY or "
                     "MEMBERS_THAT_MEET_CRITERIA");
      break;
    default:  // numbers that are not declared are CheckKnownEnums' to name
      break;
  }
  return Template::kNewMember;
}

const std::string& ReadDisplayName(const std::string& display_name, FieldViolations& violations) {
  api::CheckRequiredText("workflow.display_name", display_name, kMaxDisplayNameBytes, violations);
  return display_name;
}

int64_t ReadWebhook(int64_t community, const std::string& name, FieldViolations& violations) {
  constexpr char kField[] = "workflow.webhook";
  const absl::StatusOr<WebhookId> id = api::ParseResource(kField, api::kWebhooks, name);
  if (!id.ok()) {
    violations.Add(kField, "must have the form communities/{community}/webhooks/{webhook}");
    return 0;
  }
  if (id->community != community) {
    violations.Add(kField, "must be of the community of the workflow");
  }
  return id->id;
}

const std::string& ReadCriteria(Template workflow_template, const V1Workflow& workflow,
                                FieldViolations& violations) {
  // Without a template there are no fields that criteria could be checked against.
  if (workflow.template_() != V1Workflow::TEMPLATE_UNSPECIFIED) {
    violations.AddAll("workflow.", CompileCriteria(workflow_template, workflow.filter()).status());
  }
  return workflow.filter();
}

// The daily run of a workflow that has runs, the time zone of others' days. Without a time zone:
// UTC; without a schedule: midnight there.
DailySchedule ReadSchedule(const V1Workflow& workflow, FieldViolations& violations) {
  DailySchedule schedule;
  if (!workflow.has_schedule()) return schedule;
  const V1Workflow::Schedule& proto = workflow.schedule();
  if (!proto.time_zone().empty()) schedule.time_zone = proto.time_zone();
  schedule.hours = proto.hours();
  schedule.minutes = proto.minutes();
  if (!IsTimeZone(schedule.time_zone)) {
    violations.Add("workflow.schedule.time_zone",
                   "must be a name of the IANA time zone database, for example Europe/Berlin");
  }
  if (schedule.hours < 0 || schedule.hours > 23) {
    violations.Add("workflow.schedule.hours", "must be from 0 to 23");
  }
  if (schedule.minutes < 0 || schedule.minutes > 59) {
    violations.Add("workflow.schedule.minutes", "must be from 0 to 59");
  }
  return schedule;
}

int64_t ReadDailyCap(const V1Workflow& workflow, FieldViolations& violations) {
  if (workflow.max_deliveries_per_day() < 0) {
    violations.Add("workflow.max_deliveries_per_day", "must not be negative; 0 means no limit");
  }
  return workflow.max_deliveries_per_day();
}

}  // namespace

const std::vector<std::string>& UpdatableFields() {
  static const auto* const fields = new std::vector<std::string>{
      "display_name", "webhook", "filter", "schedule", "max_deliveries_per_day"};
  return *fields;
}

V1Workflow ToProto(const Workflow& workflow) {
  const int64_t community = workflow.id.community;
  V1Workflow proto;
  proto.set_display_name(workflow.display_name);
  proto.set_template_(ToProto(workflow.workflow_template));
  proto.set_webhook(api::ResourceName(api::kWebhooks, {community, workflow.webhook}));
  proto.set_filter(workflow.filter);
  if (HasRuns(workflow.workflow_template) || workflow.schedule != DailySchedule()) {
    V1Workflow::Schedule& schedule = *proto.mutable_schedule();
    schedule.set_time_zone(workflow.schedule.time_zone);
    schedule.set_hours(workflow.schedule.hours);
    schedule.set_minutes(workflow.schedule.minutes);
  }
  proto.set_max_deliveries_per_day(workflow.max_deliveries_per_day);
  proto.set_state(workflow.state == State::kEnabled ? V1Workflow::ENABLED : V1Workflow::DISABLED);
  if (workflow.stop_reason == StopReason::kWebhookDeleted) {
    proto.set_stop_reason(V1Workflow::WEBHOOK_DELETED);
  }
  if (workflow.version > 0) {
    proto.set_name(api::ResourceName(api::kWorkflows, workflow.id));
    *proto.mutable_create_time() = api::ToProto(workflow.create_time);
    *proto.mutable_update_time() = api::ToProto(workflow.update_time);
    proto.set_etag(workflow.etag());
  }
  return proto;
}

void AddReleaseStatus(const ReleaseStatus& status, V1Workflow& workflow) {
  if (status.next_run_time) {
    *workflow.mutable_next_run_time() = api::ToProto(*status.next_run_time);
  }
  if (status.paced_until) {
    *workflow.mutable_paced_until_time() = api::ToProto(*status.paced_until);
  }
  if (workflow.max_deliveries_per_day() == 0) return;
  V1Workflow::CapStatus& cap = *workflow.mutable_cap_status();
  cap.set_released_today(status.released_today);
  cap.set_held_count(status.held);
  cap.set_suppressed_today(status.suppressed_today);
  if (status.capped_until) *cap.mutable_hold_until_time() = api::ToProto(*status.capped_until);
}

NewWorkflow ReadNewWorkflow(int64_t community, const V1Workflow& workflow,
                            FieldViolations& violations) {
  NewWorkflow result;
  result.community = community;
  result.display_name = ReadDisplayName(workflow.display_name(), violations);
  api::CheckKnownEnums("workflow", workflow, violations);
  result.workflow_template = ReadTemplate(workflow.template_(), violations);
  result.webhook = ReadWebhook(community, workflow.webhook(), violations);
  result.filter = ReadCriteria(result.workflow_template, workflow, violations);
  result.schedule = ReadSchedule(workflow, violations);
  result.max_deliveries_per_day = ReadDailyCap(workflow, violations);
  return result;
}

Workflow ReadUnsavedWorkflow(int64_t community, const V1Workflow& workflow,
                             FieldViolations& violations) {
  api::CheckKnownEnums("workflow", workflow, violations);
  api::CheckText("workflow.display_name", workflow.display_name(), kMaxDisplayNameBytes,
                 violations);
  Workflow result;
  result.id.community = community;
  result.display_name = workflow.display_name();
  result.workflow_template = ReadTemplate(workflow.template_(), violations);
  result.filter = ReadCriteria(result.workflow_template, workflow, violations);
  if (!workflow.webhook().empty()) {
    result.webhook = ReadWebhook(community, workflow.webhook(), violations);
  }
  return result;
}

void SetStatistics(const Statistics& statistics, V1Workflow& proto) {
  V1Workflow::Statistics& shown = *proto.mutable_statistics();
  shown.set_matched_count(statistics.matched);
  shown.set_enqueued_count(statistics.enqueued);
  if (statistics.last_fire_time) {
    *shown.mutable_last_fire_time() = api::ToProto(*statistics.last_fire_time);
  }
}

WorkflowUpdate ReadUpdate(int64_t community, const V1Workflow& workflow,
                          const std::set<std::string>& fields, FieldViolations& violations) {
  api::CheckKnownEnums("workflow", workflow, violations);
  WorkflowUpdate update;
  update.etag = workflow.etag();
  if (fields.contains("display_name")) {
    update.display_name = ReadDisplayName(workflow.display_name(), violations);
  }
  if (fields.contains("webhook")) {
    update.webhook = ReadWebhook(community, workflow.webhook(), violations);
  }
  if (fields.contains("filter")) update.filter = workflow.filter();
  if (fields.contains("schedule")) update.schedule = ReadSchedule(workflow, violations);
  if (fields.contains("max_deliveries_per_day")) {
    update.max_deliveries_per_day = ReadDailyCap(workflow, violations);
  }
  return update;
}

}  // namespace crier::evaluator::transport
