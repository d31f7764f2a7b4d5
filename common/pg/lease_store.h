// Leases in Postgres.
#ifndef CRIER_COMMON_PG_LEASE_STORE_H_
#define CRIER_COMMON_PG_LEASE_STORE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/lease/lease_store.h"
#include "common/pg/pool.h"
#include "common/pg/transaction.h"

namespace crier::pg {

// DDL of the two tables that PgLeaseStore uses (`leases`, `lease_owners`), for a service's first
// migration to include. The slots are inserted by InitializeSlots.
extern const char kLeaseTablesSql[];

// Where it is said that leases have become free, for a Listener.
std::string LeaseChannel(absl::string_view schema);

// Keeps the leases of one service in its schema. Thread-safe.
class PgLeaseStore : public lease::LeaseStore {
 public:
  // `pool` must outlive the store.
  explicit PgLeaseStore(Pool& pool) : pool_(pool) {}

  // Makes sure that the slots 0 … count-1 exist; never removes any.
  absl::Status InitializeSlots(int32_t count, absl::Time deadline);

  // Takes at most half of `duration`, then DEADLINE_EXCEEDED: there must be time to try again
  // before the leases run out. Notifies the LeaseChannel of what others may take.
  absl::StatusOr<lease::HeartbeatResult> Heartbeat(
      absl::string_view owner, absl::Duration duration,
      const std::vector<lease::Lease>& finished) override;

  // Takes at most a few seconds. Notifies the LeaseChannel.
  absl::Status Release(absl::string_view owner) override;

 private:
  Pool& pool_;
};

// The fence of a write that only the holder of a lease may make. Returns those of `leases` that
// `owner` still holds with the same epoch, sorted by slot; write for these only, in the same
// transaction. Until it ends, none of them is given to anybody else. Holders' heartbeats neither
// wait for it nor hold it up.
absl::StatusOr<std::vector<lease::Lease>> LockLeases(Transaction& transaction,
                                                     absl::string_view owner,
                                                     const std::vector<lease::Lease>& leases);

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_LEASE_STORE_H_
