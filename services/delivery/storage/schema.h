// The schema of the delivery service.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_SCHEMA_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_SCHEMA_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/pg/migrations.h"
#include "common/pg/pool.h"

namespace crier::delivery::storage {

// All migrations: webhooks, deliveries, leases.
const std::vector<pg::Migration>& Schema();

// Makes the partitions of today and the days to come, and drops those of days that ended more than
// `retention` ago. While a delivery still waits for an attempt, the day that it was made on and all
// later ones are kept, however long ago that is. Any number of replicas may run it at once; it is
// to be run more often than once a day. UNAVAILABLE when the database is away or busy.
absl::Status MaintainPartitions(pg::Pool& pool, absl::Duration retention, absl::Time now,
                                absl::Time deadline);

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_SCHEMA_H_
