// Leases in Postgres.
#ifndef CRIER_COMMON_PG_LEASE_STORE_H_
#define CRIER_COMMON_PG_LEASE_STORE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/lease/lease_store.h"
#include "common/pg/pool.h"
#include "common/pg/transaction.h"

namespace crier::pg {

// DDL of the two tables that PgLeaseStore uses (`leases`, `lease_owners`), for a service's first
// migration to include. The slots are inserted by InitializeSlots.
extern const char kLeaseTablesSql[];

// Keeps the leases of one service in its schema. Thread-safe.
class PgLeaseStore : public lease::LeaseStore {
 public:
  // `pool` must outlive the store.
  explicit PgLeaseStore(Pool& pool) : pool_(pool) {}

  // Makes sure that the slots 0 … count-1 exist; never removes any.
  absl::Status InitializeSlots(int32_t count, absl::Time deadline);

  absl::StatusOr<lease::HeartbeatResult> Heartbeat(absl::string_view owner,
                                                   absl::Duration duration) override;
  absl::Status Release(absl::string_view owner) override;

 private:
  Pool& pool_;
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_LEASE_STORE_H_
