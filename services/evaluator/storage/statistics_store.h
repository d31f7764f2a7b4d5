// Statistics in Postgres.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_STATISTICS_STORE_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_STATISTICS_STORE_H_

#include <vector>

#include "common/pg/pool.h"
#include "services/evaluator/domain/matching/statistics_store.h"

namespace crier::evaluator::storage {

// Thread-safe.
class PgStatisticsStore : public StatisticsStore {
 public:
  // `pool` must outlive the store.
  explicit PgStatisticsStore(pg::Pool& pool) : pool_(pool) {}

  absl::Status Add(const std::vector<FireCount>& counts, absl::Time deadline) override;
  absl::StatusOr<std::vector<Statistics>> Get(const std::vector<WorkflowId>& ids,
                                              absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_STATISTICS_STORE_H_
