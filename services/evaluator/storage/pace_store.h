// What is put off, in Postgres.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_PACE_STORE_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_PACE_STORE_H_

#include <vector>

#include "common/pg/pool.h"
#include "services/evaluator/domain/limits/event_pace.h"

namespace crier::evaluator::storage {

// Thread-safe.
class PgPaceStore : public PaceStore {
 public:
  // `pool` must outlive the store.
  explicit PgPaceStore(pg::Pool& pool) : pool_(pool) {}

  absl::Status Store(int32_t log_partition, const std::vector<PaceBooking>& bookings,
                     absl::Time deadline) override;
  absl::StatusOr<std::vector<PaceBooking>> Load(int32_t log_partition, absl::Time now,
                                                absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_PACE_STORE_H_
