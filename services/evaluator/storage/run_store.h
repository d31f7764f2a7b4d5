// Runs in Postgres, for callers and the calendar.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_RUN_STORE_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_RUN_STORE_H_

#include <vector>

#include "common/pg/pool.h"
#include "services/evaluator/domain/runs/run_store.h"

namespace crier::evaluator::storage {

// Thread-safe.
class PgRunStore : public RunStore {
 public:
  // `pool` must outlive the store.
  explicit PgRunStore(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<Run> Begin(const WorkflowId& id, RunTrigger trigger, bool full_scan,
                            absl::Time now, absl::Time deadline) override;
  absl::StatusOr<Run> Get(const RunId& id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Run>> List(const WorkflowId& id, int64_t before, int limit,
                                        absl::Time deadline) override;
  absl::StatusOr<Run> Cancel(const RunId& id, absl::Time now, absl::Time deadline) override;
  absl::StatusOr<std::vector<ScheduledWorkflow>> Due(const std::vector<int32_t>& partitions,
                                                     absl::Time now, int limit,
                                                     absl::Time deadline) override;
  absl::Status TakeSlot(const ScheduledWorkflow& workflow, const DueSlot& due, absl::Time now,
                        absl::Time deadline) override;
  absl::StatusOr<bool> Prune(const std::vector<int32_t>& partitions, absl::Time ended_before,
                             absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_RUN_STORE_H_
