// Workflows and catalogs in Postgres.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_WORKFLOW_STORE_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_WORKFLOW_STORE_H_

#include <cstdint>
#include <vector>

#include "common/batch/shared_read.h"
#include "common/pg/pool.h"
#include "services/evaluator/domain/matching/catalog_store.h"
#include "services/evaluator/domain/workflows/workflow_store.h"

namespace crier::evaluator::storage {

// Thread-safe.
class PgWorkflowStore : public WorkflowStore, public CatalogStore {
 public:
  // `pool` must outlive the store.
  explicit PgWorkflowStore(pg::Pool& pool);

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
  pg::Pool& pool_;
  // A commit of the log wakes the runners of many partitions, which ask all at once.
  batch::SharedRead<int32_t, int64_t> versions_;
};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_WORKFLOW_STORE_H_
