// Repairs in Postgres.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_REPAIR_STORE_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_REPAIR_STORE_H_

#include <string>
#include <vector>

#include "common/pg/pool.h"
#include "services/delivery/domain/repair/repair_store.h"

namespace crier::delivery::storage {

// Thread-safe.
class PgRepairStore : public RepairStore {
 public:
  // Both must outlive the store.
  explicit PgRepairStore(pg::Pool& pool) : pool_(pool), schema_(pool.database().schema) {}

  absl::Status Redeliver(const DeliveryId& id, absl::Time due_time, absl::Time deadline) override;
  absl::Status Cancel(const DeliveryId& id, absl::Time deadline) override;
  absl::StatusOr<Recovery> StartRecovery(const Recovery& recovery, absl::string_view request_id,
                                         absl::Time deadline) override;
  absl::StatusOr<Recovery> GetRecovery(int64_t community, int64_t id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Recovery>> ListRecoveries(int64_t community, int64_t before, int limit,
                                                       absl::Time deadline) override;
  absl::StatusOr<Recovery> CancelRecovery(int64_t community, int64_t id,
                                          absl::Time deadline) override;
  absl::StatusOr<RecoveryStep> StepRecovery(int max_deliveries, absl::Time due_time,
                                            absl::Time deadline) override;

 private:
  pg::Pool& pool_;
  const std::string schema_;
};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_REPAIR_STORE_H_
