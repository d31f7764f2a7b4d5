// Replicas that stand still, seen from the others.
#ifndef CRIER_COMMON_PG_FROZEN_SESSIONS_H_
#define CRIER_COMMON_PG_FROZEN_SESSIONS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/periodic_task.h"
#include "common/pg/pool.h"

namespace crier::pg {

// Ends sessions of the pool's login and application name (so of all replicas that have the schema)
// in which the server has been waiting for the rest of what was begun to be sent for longer than
// `patience`; returns how many. No timeout of Postgres 15 ends those, and they keep their locks: a
// replica may stand still for as long as it likes while it sends rows.
absl::StatusOr<int64_t> EndFrozenSessions(Pool& pool, absl::Duration patience, absl::Time deadline);

// Does so every few seconds, from a thread of its own. `pool` must outlive the object.
class FrozenSessions {
 public:
  explicit FrozenSessions(Pool& pool);

 private:
  PeriodicTask task_;
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_FROZEN_SESSIONS_H_
