#include "services/evaluator/transport/workflow_proto.h"

#include "absl/status/statusor.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/api/validation.h"
#include "services/evaluator/domain/criteria.h"

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
    case V1Workflow::TEMPLATE_UNSPECIFIED:
      violations.Add("workflow.template", "must be NEW_MEMBER, NEW_ORGANIZATION or NEW_ACTIVITY");
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
    violations.Add(kField, "must name a webhook of the workflow's community");
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

}  // namespace

const std::vector<std::string>& UpdatableFields() {
  static const auto* const fields =
      new std::vector<std::string>{"display_name", "webhook", "filter"};
  return *fields;
}

V1Workflow ToProto(const Workflow& workflow) {
  const int64_t community = workflow.id.community;
  V1Workflow proto;
  proto.set_display_name(workflow.display_name);
  proto.set_template_(ToProto(workflow.workflow_template));
  proto.set_webhook(api::ResourceName(api::kWebhooks, {community, workflow.webhook}));
  proto.set_filter(workflow.filter);
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

NewWorkflow ReadNewWorkflow(int64_t community, const V1Workflow& workflow,
                            FieldViolations& violations) {
  NewWorkflow result;
  result.community = community;
  result.display_name = ReadDisplayName(workflow.display_name(), violations);
  api::CheckKnownEnums("workflow", workflow, violations);
  result.workflow_template = ReadTemplate(workflow.template_(), violations);
  result.webhook = ReadWebhook(community, workflow.webhook(), violations);
  result.filter = ReadCriteria(result.workflow_template, workflow, violations);
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
  return update;
}

}  // namespace crier::evaluator::transport
