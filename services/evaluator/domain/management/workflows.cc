#include "services/evaluator/domain/management/workflows.h"

#include <algorithm>

#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/domain/workflows/criteria.h"

namespace crier::evaluator {
namespace {

absl::Status CheckEtag(const Workflow& workflow, const std::string& etag) {
  if (!etag.empty() && etag != workflow.etag()) return EtagMismatchError();
  return absl::OkStatus();
}

absl::Status CheckCriteria(Template workflow_template, const std::string& filter) {
  FieldViolations violations;
  violations.AddAll("workflow.", CompileCriteria(workflow_template, filter).status());
  return violations.ToStatus();
}

}  // namespace

absl::StatusOr<Workflow> Workflows::Create(const NewWorkflow& workflow, absl::Time deadline) {
  // First of all, so that a repeated call succeeds even if the webhook has been deleted since.
  if (!workflow.request_id.empty()) {
    ASSIGN_OR_RETURN(const std::optional<Workflow> earlier,
                     store_.FindByRequestId(workflow.community, workflow.request_id, deadline));
    if (earlier) return *earlier;
  }
  RETURN_IF_ERROR(CheckWebhook({workflow.community, workflow.webhook}, deadline));
  return store_.Create(workflow, Now(), deadline);
}

absl::StatusOr<Workflow> Workflows::Preview(const NewWorkflow& workflow, absl::Time deadline) {
  if (!workflow.request_id.empty()) {
    RETURN_IF_ERROR(
        store_.FindByRequestId(workflow.community, workflow.request_id, deadline).status());
  }
  RETURN_IF_ERROR(CheckWebhook({workflow.community, workflow.webhook}, deadline));
  RETURN_IF_ERROR(store_.CheckRoom(workflow.community, deadline));
  Workflow preview;
  preview.id.community = workflow.community;
  preview.display_name = workflow.display_name;
  preview.workflow_template = workflow.workflow_template;
  preview.webhook = workflow.webhook;
  preview.filter = workflow.filter;
  preview.schedule = workflow.schedule;
  preview.max_deliveries_per_day = workflow.max_deliveries_per_day;
  return preview;
}

absl::StatusOr<Workflow> Workflows::Get(const WorkflowId& id, absl::Time deadline) {
  return store_.Get(id, deadline);
}

absl::StatusOr<std::vector<Workflow>> Workflows::List(int64_t community, int64_t after, int limit,
                                                      absl::Time deadline) {
  return store_.List(community, after, limit, deadline);
}

absl::StatusOr<Workflow> Workflows::Update(const WorkflowId& id, const WorkflowUpdate& update,
                                           absl::Time deadline) {
  // Spares the other services the question about a workflow that does not exist.
  ASSIGN_OR_RETURN(const Workflow current, store_.Get(id, deadline));
  if (update.filter) RETURN_IF_ERROR(CheckCriteria(current.workflow_template, *update.filter));
  if (update.webhook) RETURN_IF_ERROR(CheckWebhook({id.community, *update.webhook}, deadline));
  return Change(
      id,
      [&update](Workflow& workflow) -> absl::Status {
        RETURN_IF_ERROR(CheckEtag(workflow, update.etag));
        if (update.display_name) workflow.display_name = *update.display_name;
        if (update.webhook) workflow.webhook = *update.webhook;
        if (update.filter) workflow.filter = *update.filter;
        if (update.schedule) workflow.schedule = *update.schedule;
        if (update.max_deliveries_per_day) {
          workflow.max_deliveries_per_day = *update.max_deliveries_per_day;
        }
        return absl::OkStatus();
      },
      deadline);
}

absl::Status Workflows::Delete(const WorkflowId& id, const std::string& etag, absl::Time deadline) {
  RETURN_IF_ERROR(store_.Get(id, deadline).status());
  return Change(
             id,
             [&etag](Workflow& workflow) -> absl::Status {
               RETURN_IF_ERROR(CheckEtag(workflow, etag));
               workflow.state = State::kDeleted;
               return absl::OkStatus();
             },
             deadline)
      .status();
}

absl::StatusOr<Workflow> Workflows::Enable(const WorkflowId& id, const std::string& etag,
                                           absl::Time deadline) {
  return SetState(id, State::kEnabled, etag, deadline);
}

absl::StatusOr<Workflow> Workflows::Disable(const WorkflowId& id, const std::string& etag,
                                            absl::Time deadline) {
  return SetState(id, State::kDisabled, etag, deadline);
}

absl::Status Workflows::CheckWebhook(const WebhookId& id, absl::Time deadline) {
  ASSIGN_OR_RETURN(const bool exists, deliveries_.WebhookExists(id, deadline));
  return exists ? absl::OkStatus() : WebhookNotFoundError(id);
}

absl::StatusOr<Workflow> Workflows::SetState(const WorkflowId& id, State state,
                                             const std::string& etag, absl::Time deadline) {
  // A workflow that is there already needs nothing of the ingest service. If a racing call changes
  // it after this look, that call comes after this one.
  ASSIGN_OR_RETURN(const Workflow current, store_.Get(id, deadline));
  RETURN_IF_ERROR(CheckEtag(current, etag));
  if (current.state == state) return current;
  if (state == State::kEnabled) {
    RETURN_IF_ERROR(CheckWebhook({id.community, current.webhook}, deadline));
  }
  return Change(
      id,
      [state, &etag](Workflow& workflow) -> absl::Status {
        RETURN_IF_ERROR(CheckEtag(workflow, etag));
        workflow.state = state;
        workflow.stop_reason = StopReason::kNone;
        return absl::OkStatus();
      },
      deadline);
}

absl::Status Workflows::StopWithoutWebhook(const WorkflowId& id, int64_t webhook,
                                           absl::Time deadline) {
  const absl::Status stopped =
      Change(
          id,
          [webhook](Workflow& workflow) {
            if (workflow.state == State::kEnabled && workflow.webhook == webhook) {
              workflow.state = State::kDisabled;
              workflow.stop_reason = StopReason::kWebhookDeleted;
            }
            return absl::OkStatus();
          },
          deadline)
          .status();
  return absl::IsNotFound(stopped) ? absl::OkStatus() : stopped;
}

absl::StatusOr<Workflow> Workflows::Change(const WorkflowId& id, const Edit& edit,
                                           absl::Time deadline) {
  // Read within this call, and before its change is stored: see MakeTransition.
  ASSIGN_OR_RETURN(const LogHead head, events_.Head(id.community, deadline));
  const absl::Time now = Now();
  const auto edit_and_date = [&edit, now](Workflow& workflow) -> absl::Status {
    const Workflow before = workflow;
    RETURN_IF_ERROR(edit(workflow));
    if (workflow != before) workflow.update_time = std::max(now, before.update_time);
    return absl::OkStatus();
  };
  return store_.Change(id, head, edit_and_date, deadline);
}

absl::Time Workflows::Now() const { return absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now())); }

}  // namespace crier::evaluator
