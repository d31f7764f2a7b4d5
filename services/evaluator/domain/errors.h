// The named failures of the evaluator; reasons and metadata are part of the API.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_ERRORS_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_ERRORS_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "services/evaluator/domain/workflows/run.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// NOT_FOUND, reason WORKFLOW_NOT_FOUND.
absl::Status WorkflowNotFoundError(const WorkflowId& id);

// FAILED_PRECONDITION, reason WEBHOOK_NOT_FOUND: the webhook that a workflow is to send to does not
// exist.
absl::Status WebhookNotFoundError(const WebhookId& id);

// ABORTED, reason ETAG_MISMATCH: the workflow changed since the caller read it.
absl::Status EtagMismatchError();

// ALREADY_EXISTS, reason REQUEST_ID_SPENT: the workflow made with this request id was deleted.
absl::Status RequestIdSpentError();

// FAILED_PRECONDITION, reason TOO_MANY_WORKFLOWS: the community has kMaxWorkflowsPerCommunity.
absl::Status TooManyWorkflowsError();

// FAILED_PRECONDITION, reason CONFIRMATION_REQUIRED, metadata `delivery_count`: enabling would
// release more than `limit` deliveries, and nobody has confirmed that.
absl::Status ConfirmationRequiredError(int64_t delivery_count, int64_t limit);

// NOT_FOUND, reason RUN_NOT_FOUND.
absl::Status RunNotFoundError(const RunId& id);

// FAILED_PRECONDITION, reason WORKFLOW_HAS_NO_RUNS: events fire it.
absl::Status WorkflowHasNoRunsError();

// FAILED_PRECONDITION, reason WORKFLOW_DISABLED.
absl::Status WorkflowDisabledError();

// FAILED_PRECONDITION, reason RUN_UNFINISHED, metadata `run`: the one that is under way.
absl::Status RunUnfinishedError(const RunId& unfinished);

// FAILED_PRECONDITION, reason RUN_FINISHED: it cannot be cancelled any more.
absl::Status RunFinishedError(const RunId& id);

// UNAVAILABLE, reason LEASE_LOST: another replica is in charge.
absl::Status LeaseLostError();

// The position at which the log begins now, when the ingest service says by OUT_OF_RANGE (metadata
// `first_kept_position`) that the events asked for are no longer kept; nothing for every other
// status.
std::optional<int64_t> EarliestKeptPosition(const absl::Status& status);

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_ERRORS_H_
