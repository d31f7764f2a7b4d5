// The pages of runs in Postgres.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_PAGE_STORE_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_PAGE_STORE_H_

#include <string>
#include <vector>

#include "common/pg/pool.h"
#include "services/evaluator/domain/runs/page_store.h"

namespace crier::evaluator::storage {

// Thread-safe. Leases are looked up in the same schema (common/pg/lease_store.h).
class PgPageStore : public PageStore {
 public:
  // `pool` must outlive the store.
  explicit PgPageStore(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::vector<Ready>> FindReady(const std::vector<int32_t>& partitions,
                                               absl::Time now, int limit,
                                               absl::Time deadline) override;
  absl::StatusOr<RunTask> Load(const WorkflowId& id, absl::Time deadline) override;
  absl::StatusOr<bool> Start(const Fence& fence, const RunTask& task, const RunScope& scope,
                             std::optional<int64_t> expected_count, absl::Time now,
                             absl::Time deadline) override;
  absl::StatusOr<DecidedPage> Decide(const Fence& fence, const RunTask& task,
                                     const std::vector<Candidate>& candidates, int64_t allowance,
                                     absl::Time now, absl::Time deadline) override;
  absl::Status Settle(const Fence& fence, const RunTask& task, int64_t standing,
                      absl::Time deadline) override;
  absl::Status Halve(const Fence& fence, const RunTask& task, int64_t standing,
                     absl::Time deadline) override;
  absl::StatusOr<ContactSet> Sent(const WorkflowId& id, const std::vector<int64_t>& contacts,
                                  absl::Time deadline) override;
  absl::Status Postpone(const Fence& fence, const RunTask& task, const Postponement& postponement,
                        absl::Time deadline) override;
  absl::Status Finish(const Fence& fence, const RunTask& task, RunState state,
                      const std::string& error, absl::Time now, absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_PAGE_STORE_H_
