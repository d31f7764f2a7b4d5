// Where workflows are kept.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_WORKFLOW_STORE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_WORKFLOW_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/evaluator/domain/workflows/revision.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// Implementations are thread-safe and pass workflow_store_conformance. Every method waits until its
// deadline at most, and answers UNAVAILABLE when the database is away; the named failures are those
// of errors.h. What a method returned OK for is durable. Deleted workflows do not exist for any of
// them, unless it says so.
class WorkflowStore {
 public:
  virtual ~WorkflowStore() = default;

  // Stores a new workflow, disabled, created at `now` (to the microsecond); id and version are
  // assigned here. A `request_id` that is not empty is used once in a community: a later call with
  // it, or one at the same time, stores nothing and returns the workflow that the first one
  // created, as it is now. RequestIdSpentError when that one has been deleted;
  // TooManyWorkflowsError.
  virtual absl::StatusOr<Workflow> Create(const NewWorkflow& workflow, absl::Time now,
                                          absl::Time deadline) = 0;

  // Whether the community has room for one more workflow. TooManyWorkflowsError.
  virtual absl::Status CheckRoom(int64_t community, absl::Time deadline) = 0;

  // The workflow that was created with a request id, if there is one. RequestIdSpentError when it
  // has been deleted.
  virtual absl::StatusOr<std::optional<Workflow>> FindByRequestId(int64_t community,
                                                                  absl::string_view request_id,
                                                                  absl::Time deadline) = 0;

  // WorkflowNotFoundError when there is none.
  virtual absl::StatusOr<Workflow> Get(const WorkflowId& id, absl::Time deadline) = 0;

  // Up to `limit` workflows of the community whose id is above `after`, in the order of ids, which
  // is that of creation.
  virtual absl::StatusOr<std::vector<Workflow>> List(int64_t community, int64_t after, int limit,
                                                     absl::Time deadline) = 0;

  // The webhooks that enabled workflows send to, each once, in the order of communities and ids: up
  // to `limit` after `after`.
  virtual absl::StatusOr<std::vector<WebhookId>> EnabledWebhooks(const WebhookId& after, int limit,
                                                                 absl::Time deadline) = 0;

  // The enabled workflows that send to a webhook, in the order of ids.
  virtual absl::StatusOr<std::vector<WorkflowId>> EnabledSenders(const WebhookId& webhook,
                                                                 absl::Time deadline) = 0;

  // Applies `change` to the workflow as it is now; no other change comes in between. Stores the
  // result with the next version, together with what MakeTransition says about the revisions, and
  // moves the version of the partition's catalog, all at once. A change that changes nothing stores
  // nothing. `head` is where the log of the community stood, as MakeTransition demands it.
  //
  // `change` may run more than once, and must touch neither id, template, creation time nor
  // version; what it fails with is returned. WorkflowNotFoundError when there is none.
  virtual absl::StatusOr<Workflow> Change(const WorkflowId& id, const LogHead& head,
                                          const std::function<absl::Status(Workflow&)>& change,
                                          absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_WORKFLOW_STORE_H_
