// Measures the queue in Postgres.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_DEPTH_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_DEPTH_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"
#include "services/delivery/domain/queue/queue_depth.h"

namespace crier::delivery::storage {

// The depth of the queue of all shards at `now`. Its time grows with the number of webhooks that
// have something queued and with what is due (a thousand rows of each webhook at most), not with
// what is scheduled for later.
absl::StatusOr<QueueDepth> MeasureQueue(pg::Pool& pool, absl::Time now, absl::Time deadline);

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_DEPTH_H_
