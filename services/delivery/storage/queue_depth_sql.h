// The statements about the depth of the queue.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_DEPTH_SQL_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_DEPTH_SQL_H_

#include "common/pg/transaction.h"

namespace crier::delivery::storage {

// $1: now. Skips from one queued webhook to the next, as kFindWebhooks does, and counts what is due
// of those that deliver, and neither fail nor have a rate of their own: what waits for these waits
// for them, not for us.
constexpr pg::Statement kMeasureDue{
    "measure_due",
    "WITH RECURSIVE found AS ("
    " (SELECT shard, community_id, webhook_id FROM queue"
    "  ORDER BY shard, community_id, webhook_id LIMIT 1)"
    " UNION ALL"
    " SELECT following.* FROM found CROSS JOIN LATERAL ("
    "  SELECT shard, community_id, webhook_id FROM queue"
    "  WHERE (shard, community_id, webhook_id)"
    "   > (found.shard, found.community_id, found.webhook_id)"
    "  ORDER BY shard, community_id, webhook_id LIMIT 1) AS following"
    ")"
    " SELECT count(*), min(due.due_time) FROM found"
    " JOIN webhooks USING (community_id, webhook_id)"
    " CROSS JOIN LATERAL ("
    "  SELECT due_time FROM queue"
    "  WHERE queue.shard = found.shard AND queue.community_id = found.community_id"
    "   AND queue.webhook_id = found.webhook_id AND queue.due_time <= $1"
    "  ORDER BY due_time LIMIT 1000) AS due"
    " WHERE webhooks.delete_time IS NULL AND webhooks.state = 1"
    "  AND webhooks.failing_since IS NULL AND webhooks.attempts_per_minute = 0"};

// Kept by vacuum and analyze; -1 before the first of them.
constexpr pg::Statement kEstimateQueue{
    "estimate_queue",
    "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'queue'::regclass"};

// $1: now. States: 1 enabled, 2 paused, 3 disabled.
constexpr pg::Statement kCountWebhooks{
    "count_webhooks",
    "SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2),"
    " count(*) FILTER (WHERE state = 3),"
    " count(*) FILTER (WHERE state = 1 AND failing_since <= $1::timestamptz - interval '5 min')"
    " FROM webhooks WHERE delete_time IS NULL"};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_DEPTH_SQL_H_
