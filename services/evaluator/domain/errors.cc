#include "services/evaluator/domain/errors.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace crier::evaluator {

absl::Status WorkflowNotFoundError(const WorkflowId& id) {
  return NamedError(absl::StatusCode::kNotFound, "WORKFLOW_NOT_FOUND",
                    absl::StrCat(api::ResourceName(api::kWorkflows, id), " does not exist"));
}

absl::Status WebhookNotFoundError(const WebhookId& id) {
  return NamedError(absl::StatusCode::kFailedPrecondition, "WEBHOOK_NOT_FOUND",
                    absl::StrCat("workflow.webhook: ", api::ResourceName(api::kWebhooks, id),
                                 " does not exist; name one that does"));
}

absl::Status EtagMismatchError() {
  return NamedError(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                    "the workflow has changed since the etag was read; get it and try again");
}

absl::Status RequestIdSpentError() {
  return NamedError(absl::StatusCode::kAlreadyExists, "REQUEST_ID_SPENT",
                    "request_id belongs to a workflow that was deleted; use a new one");
}

absl::Status TooManyWorkflowsError() {
  return NamedError(absl::StatusCode::kFailedPrecondition, "TOO_MANY_WORKFLOWS",
                    absl::StrCat("the community has ", kMaxWorkflowsPerCommunity,
                                 " workflows already; delete some first"));
}

absl::Status ConfirmationRequiredError(int64_t delivery_count, int64_t limit) {
  return NamedError(
      absl::StatusCode::kFailedPrecondition, "CONFIRMATION_REQUIRED",
      absl::StrCat("this would release ", delivery_count, " deliveries; above ", limit,
                   " a confirmation_token of a preview of the last hour is needed"),
      {{"delivery_count", std::to_string(delivery_count)}});
}

absl::Status RunNotFoundError(const RunId& id) {
  return NamedError(absl::StatusCode::kNotFound, "RUN_NOT_FOUND",
                    absl::StrCat(RunName(id), " does not exist"));
}

absl::Status WorkflowHasNoRunsError() {
  return NamedError(absl::StatusCode::kFailedPrecondition, "WORKFLOW_HAS_NO_RUNS",
                    "only workflows of the template MEMBERS_THAT_MEET_CRITERIA have runs");
}

absl::Status WorkflowDisabledError() {
  return NamedError(absl::StatusCode::kFailedPrecondition, "WORKFLOW_DISABLED",
                    "the workflow is disabled; enable it, which begins a run");
}

absl::Status RunUnfinishedError(const RunId& unfinished) {
  return NamedError(
      absl::StatusCode::kFailedPrecondition, "RUN_UNFINISHED",
      absl::StrCat(RunName(unfinished), " is not finished; wait for its end, or cancel it"),
      {{"run", RunName(unfinished)}});
}

absl::Status RunFinishedError(const RunId& id) {
  return NamedError(absl::StatusCode::kFailedPrecondition, "RUN_FINISHED",
                    absl::StrCat(RunName(id), " has ended already; there is nothing to cancel"));
}

absl::Status LeaseLostError() {
  return NamedError(absl::StatusCode::kUnavailable, "LEASE_LOST",
                    "the lease of the log partition has gone to another replica");
}

std::optional<int64_t> EarliestKeptPosition(const absl::Status& status) {
  if (!absl::IsOutOfRange(status)) return std::nullopt;
  const std::optional<std::string> text = ErrorMetadata(status, "first_kept_position");
  int64_t position = 0;
  if (!text || !absl::SimpleAtoi(*text, &position)) return std::nullopt;
  return position;
}

}  // namespace crier::evaluator
