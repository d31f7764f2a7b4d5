// Erasures in Postgres.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_ERASURE_STORE_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_ERASURE_STORE_H_

#include "common/pg/pool.h"
#include "services/delivery/domain/repair/erasure_store.h"

namespace crier::delivery::storage {

// Thread-safe.
class PgErasureStore : public ErasureStore {
 public:
  // `pool` must outlive the store.
  explicit PgErasureStore(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<ErasureStep> Step(int max_deliveries, absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_ERASURE_STORE_H_
