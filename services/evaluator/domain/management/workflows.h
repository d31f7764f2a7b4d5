// The rules of managing workflows.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_WORKFLOWS_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_WORKFLOWS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/evaluator/domain/peers/delivery_sink.h"
#include "services/evaluator/domain/peers/event_source.h"
#include "services/evaluator/domain/workflows/workflow_store.h"

namespace crier::evaluator {

// What an update sets; what has no value stays as it is.
struct WorkflowUpdate {
  std::optional<std::string> display_name;
  std::optional<int64_t> webhook;
  std::optional<std::string> filter;
  std::optional<DailySchedule> schedule;
  std::optional<int64_t> max_deliveries_per_day;
  // The etag that the workflow must have; empty when any will do.
  std::string etag;
};

// Thread-safe. Every method waits until its deadline at most and answers UNAVAILABLE when the
// database, or a service that it asks, is away. WorkflowNotFoundError when the id is unknown.
class Workflows {
 public:
  // All must outlive the object.
  Workflows(WorkflowStore& store, EventSource& events, DeliverySink& deliveries, const Clock& clock)
      : store_(store), events_(events), deliveries_(deliveries), clock_(clock) {}

  // As WorkflowStore::Create. WebhookNotFoundError.
  absl::StatusOr<Workflow> Create(const NewWorkflow& workflow, absl::Time deadline);

  // What Create() would return, less id, times and version; stores nothing. RequestIdSpentError;
  // WebhookNotFoundError; TooManyWorkflowsError.
  absl::StatusOr<Workflow> Preview(const NewWorkflow& workflow, absl::Time deadline);

  absl::StatusOr<Workflow> Get(const WorkflowId& id, absl::Time deadline);

  // As WorkflowStore::List.
  absl::StatusOr<std::vector<Workflow>> List(int64_t community, int64_t after, int limit,
                                             absl::Time deadline);

  // Events accepted before the call fire by the old values, events accepted after it by the new.
  // EtagMismatchError; WebhookNotFoundError; INVALID_ARGUMENT on `workflow.filter` when it does not
  // fit the workflow's template.
  absl::StatusOr<Workflow> Update(const WorkflowId& id, const WorkflowUpdate& update,
                                  absl::Time deadline);

  // Events accepted before the call still fire the workflow. EtagMismatchError.
  absl::Status Delete(const WorkflowId& id, const std::string& etag, absl::Time deadline);

  // The workflow fires for events accepted after the call, and for none accepted before it.
  // EtagMismatchError; WebhookNotFoundError.
  absl::StatusOr<Workflow> Enable(const WorkflowId& id, const std::string& etag,
                                  absl::Time deadline);

  // The workflow fires for events accepted before the call, and for none accepted after it.
  // EtagMismatchError.
  absl::StatusOr<Workflow> Disable(const WorkflowId& id, const std::string& etag,
                                   absl::Time deadline);

  // As Disable(), for the reason kWebhookDeleted, if the workflow is enabled and still sends to the
  // webhook of this id. Nothing to do is no failure, nor is a workflow that was deleted.
  absl::Status StopWithoutWebhook(const WorkflowId& id, int64_t webhook, absl::Time deadline);

 private:
  using Edit = std::function<absl::Status(Workflow&)>;

  absl::Status CheckWebhook(const WebhookId& id, absl::Time deadline);
  absl::StatusOr<Workflow> SetState(const WorkflowId& id, State state, const std::string& etag,
                                    absl::Time deadline);
  // Stores what `edit` makes of the workflow, at a boundary of positions within this call.
  absl::StatusOr<Workflow> Change(const WorkflowId& id, const Edit& edit, absl::Time deadline);
  // Wall-clock time as it is stored.
  absl::Time Now() const;

  WorkflowStore& store_;
  EventSource& events_;
  DeliverySink& deliveries_;
  const Clock& clock_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_WORKFLOWS_H_
