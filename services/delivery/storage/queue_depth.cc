#include "services/delivery/storage/queue_depth.h"

#include <algorithm>

#include "common/status/macros.h"
#include "services/delivery/storage/queue_depth_sql.h"

namespace crier::delivery::storage {

absl::StatusOr<QueueDepth> MeasureQueue(pg::Pool& pool, absl::Time now, absl::Time deadline) {
  return pool.Read(deadline, [&](pg::Transaction& transaction) -> absl::StatusOr<QueueDepth> {
    QueueDepth depth;
    ASSIGN_OR_RETURN(const pg::Rows due, transaction.Execute(kMeasureDue, pg::Params().Add(now)));
    ASSIGN_OR_RETURN(const pg::Rows estimate, transaction.Execute(kEstimateQueue));
    ASSIGN_OR_RETURN(const pg::Rows webhooks,
                     transaction.Execute(kCountWebhooks, pg::Params().Add(now)));
    depth.due = due[0].Int64(0);
    depth.oldest_due_time = due[0].OptionalTime(1);
    depth.scheduled = std::max<int64_t>(0, estimate[0].Int64(0) - depth.due);
    depth.enabled_webhooks = webhooks[0].Int64(0);
    depth.paused_webhooks = webhooks[0].Int64(1);
    depth.disabled_webhooks = webhooks[0].Int64(2);
    depth.failing_webhooks = webhooks[0].Int64(3);
    return depth;
  });
}

}  // namespace crier::delivery::storage
