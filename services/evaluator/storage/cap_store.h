// Daily caps in Postgres.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_CAP_STORE_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_CAP_STORE_H_

#include <map>
#include <vector>

#include "common/pg/pool.h"
#include "services/evaluator/domain/limits/event_caps.h"
#include "services/evaluator/domain/limits/release_status.h"

namespace crier::evaluator::storage {

// Thread-safe.
class PgCapStore : public CapStore, public ReleaseStatuses {
 public:
  // `pool` must outlive the store.
  explicit PgCapStore(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::vector<std::vector<absl::Time>>> Count(
      const std::vector<CappedMatches>& matches, int64_t confirmed, absl::Duration spacing,
      absl::Time deadline) override;
  absl::StatusOr<std::map<int64_t, ReleaseStatus>> Get(int64_t community,
                                                       const std::vector<int64_t>& workflows,
                                                       absl::Time now,
                                                       absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_CAP_STORE_H_
