// Workflows in memory.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_WORKFLOW_STORE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_WORKFLOW_STORE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/evaluator/domain/fakes/fault.h"
#include "services/evaluator/domain/matching/catalog_store.h"
#include "services/evaluator/domain/workflows/workflow_store.h"

namespace crier::evaluator {

// Thread-safe; passes the conformance suite of the real store.
class FakeWorkflowStore : public WorkflowStore, public CatalogStore {
 public:
  explicit FakeWorkflowStore(Faults faults = nullptr) : faults_(std::move(faults)) {}

  absl::StatusOr<Workflow> Create(const NewWorkflow& workflow, absl::Time now,
                                  absl::Time deadline) override;
  absl::Status CheckRoom(int64_t community, absl::Time deadline) override;
  absl::StatusOr<std::optional<Workflow>> FindByRequestId(int64_t community,
                                                          absl::string_view request_id,
                                                          absl::Time deadline) override;
  absl::StatusOr<Workflow> Get(const WorkflowId& id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Workflow>> List(int64_t community, int64_t after, int limit,
                                             absl::Time deadline) override;
  absl::StatusOr<std::vector<WebhookId>> EnabledWebhooks(const WebhookId& after, int limit,
                                                         absl::Time deadline) override;
  absl::StatusOr<std::vector<WorkflowId>> EnabledSenders(const WebhookId& webhook,
                                                         absl::Time deadline) override;
  absl::StatusOr<Workflow> Change(const WorkflowId& id, const LogHead& head,
                                  const std::function<absl::Status(Workflow&)>& change,
                                  absl::Time deadline) override;
  absl::StatusOr<int64_t> Version(int32_t log_partition, absl::Time deadline) override;
  absl::StatusOr<Catalog> Load(int32_t log_partition, int64_t passed_position,
                               absl::Time deadline) override;

 private:
  using Key = std::pair<int64_t, int64_t>;  // community, workflow

  absl::Status CheckRoomIn(int64_t community) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::optional<Workflow>> Find(int64_t community, absl::string_view request_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Apply(const Workflow& before, const Workflow& after, const LogHead& head)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Faults faults_;
  absl::Mutex mutex_;
  int64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<Key, Workflow> workflows_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<int64_t, std::string>, Key> request_ids_ ABSL_GUARDED_BY(mutex_);
  std::map<int32_t, std::vector<Revision>> revisions_ ABSL_GUARDED_BY(mutex_);
  std::map<int32_t, int64_t> versions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_WORKFLOW_STORE_H_
