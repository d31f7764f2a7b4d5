// The statements of PgRepairStore.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_REPAIR_SQL_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_REPAIR_SQL_H_

#include "common/pg/transaction.h"

namespace crier::delivery::storage {

// --- one delivery ---

// Whether it is erased, whether its webhook is there, and how many attempts were made.
constexpr pg::Statement kFindForRepair{
    "find_for_repair",
    "SELECT erased,"
    " EXISTS (SELECT FROM webhooks WHERE community_id = $1 AND webhook_id = $2"
    "  AND delete_time IS NULL),"
    " coalesce((SELECT number FROM attempts WHERE community_id = $1 AND webhook_id = $2"
    "  AND delivery_id = $3 ORDER BY number DESC LIMIT 1), 0)"
    " FROM deliveries WHERE community_id = $1 AND webhook_id = $2 AND delivery_id = $3"};

// Deliveries ($1 to $3) that are to be sent again. An attempt that was under way when its delivery
// left the queue is stored before this or after the transaction, not meanwhile.
constexpr pg::Statement kLockDeliveries{
    "lock_deliveries",
    "SELECT FROM unnest($1::bigint[], $2::bigint[], $3::uuid[])"
    "  AS again (community_id, webhook_id, delivery_id)"
    " CROSS JOIN LATERAL (SELECT FROM deliveries WHERE community_id = again.community_id"
    "  AND webhook_id = again.webhook_id AND delivery_id = again.delivery_id"
    "  LIMIT 1 FOR UPDATE) AS delivery"};

// Those on the queue again ($1 to $3) of which an attempt was stored since $5 of kQueueAgain was
// read: the queue was waited for until then. Their next attempts must not have its number.
constexpr pg::Statement kCountAgain{
    "count_again",
    "UPDATE queue SET attempt_count = last.number, attempts_before = last.number"
    " FROM unnest($1::bigint[], $2::bigint[], $3::uuid[])"
    "  AS again (community_id, webhook_id, delivery_id)"
    " CROSS JOIN LATERAL (SELECT number FROM attempts WHERE community_id = again.community_id"
    "  AND webhook_id = again.webhook_id AND delivery_id = again.delivery_id"
    "  ORDER BY number DESC LIMIT 1) AS last"
    " WHERE queue.community_id = again.community_id AND queue.webhook_id = again.webhook_id"
    "  AND queue.delivery_id = again.delivery_id AND queue.attempt_count < last.number"};

// $1 to $4: deliveries with the shards of their webhooks; $5: the attempts made; $6: when they are
// due. One that waits is due then as well, if not earlier, and keeps its count. One that was
// cancelled may have an attempt under way still, which began before it was wanted again: so each
// time has a number of its own, beyond what the attempt was taken with.
constexpr pg::Statement kQueueAgain{
    "queue_again",
    "INSERT INTO queue (community_id, webhook_id, delivery_id, shard, due_time, attempt_count,"
    " attempts_before, redeliveries)"
    " SELECT community_id, webhook_id, delivery_id, shard, $6, made, made,"
    "  nextval('redeliveries')"
    " FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::integer[], $5::smallint[])"
    "  AS again (community_id, webhook_id, delivery_id, shard, made)"
    " ON CONFLICT (community_id, webhook_id, delivery_id) DO UPDATE SET"
    "  due_time = least(queue.due_time, excluded.due_time), attempts_before = queue.attempt_count,"
    "  redeliveries = nextval('redeliveries')"};

// --- recoveries ---

#define CRIER_RECOVERY_COLUMNS                                                             \
  "community_id, recovery_id, webhook_id, created_from, created_before, looked_at, state," \
  " recovered_count, create_time, end_time"

// $6: the id that comes before all that are looked at. No row when the request id is taken.
constexpr pg::Statement kInsertRecovery{
    "insert_recovery",
    "INSERT INTO recoveries (community_id, request_id, webhook_id, created_from, created_before,"
    " looked_at, state, recovered_count, create_time, step_time)"
    " VALUES ($1, $2, $3, $4, $5, $6, 1, 0, $7, $7)"
    " ON CONFLICT (community_id, request_id) DO NOTHING"
    " RETURNING " CRIER_RECOVERY_COLUMNS};

constexpr pg::Statement kFindRecoveryByRequestId{
    "find_recovery_by_request_id", "SELECT " CRIER_RECOVERY_COLUMNS
                                   " FROM recoveries WHERE community_id = $1 AND request_id = $2"};

constexpr pg::Statement kDeleteOldRecoveries{
    "delete_old_recoveries",
    "DELETE FROM recoveries WHERE community_id = $1 AND end_time < now() - interval '30 days'"};

constexpr pg::Statement kGetRecovery{
    "get_recovery", "SELECT " CRIER_RECOVERY_COLUMNS
                    " FROM recoveries WHERE community_id = $1 AND recovery_id = $2"};

constexpr pg::Statement kListRecoveries{
    "list_recoveries", "SELECT " CRIER_RECOVERY_COLUMNS
                       " FROM recoveries WHERE community_id = $1 AND recovery_id < $2"
                       " ORDER BY recovery_id DESC LIMIT $3"};

constexpr pg::Statement kCancelRecovery{
    "cancel_recovery",
    "UPDATE recoveries SET state = 3, end_time = now()"
    " WHERE community_id = $1 AND recovery_id = $2 AND state = 1"};

// The one that has waited longest, for this transaction alone.
constexpr pg::Statement kTakeRecovery{"take_recovery",
                                      "SELECT " CRIER_RECOVERY_COLUMNS
                                      " FROM recoveries WHERE state = 1 ORDER BY step_time LIMIT 1"
                                      " FOR UPDATE SKIP LOCKED"};

// The next that exhausted their attempts, after $2 and before $3, of webhook $4 if that is not 0.
// One that was sent again in vain comes once for each time, the last one first: what follows it
// counts for nothing, and may be beyond the limit.
constexpr pg::Statement kFindExhausted{
    "find_exhausted",
    "SELECT webhook_id, delivery_id, number FROM attempts"
    " WHERE community_id = $1 AND outcome <> 1 AND delivery_state = 3"
    "  AND delivery_id > $2 AND delivery_id < $3 AND ($4 = 0 OR webhook_id = $4)"
    " ORDER BY delivery_id, number DESC LIMIT $5"};

// Those of them ($1 to $3, and $4 for the attempt) that still are: not sent again meanwhile, not
// erased, the webhook there.
constexpr pg::Statement kFindStillExhausted{
    "find_still_exhausted",
    "SELECT found.* FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::smallint[])"
    "  AS found (community_id, webhook_id, delivery_id, number)"
    " WHERE EXISTS (SELECT FROM webhooks WHERE community_id = found.community_id"
    "   AND webhook_id = found.webhook_id AND delete_time IS NULL)"
    "  AND EXISTS (SELECT FROM deliveries WHERE community_id = found.community_id"
    "   AND webhook_id = found.webhook_id AND delivery_id = found.delivery_id AND NOT erased)"
    "  AND NOT EXISTS (SELECT FROM attempts WHERE community_id = found.community_id"
    "   AND webhook_id = found.webhook_id AND delivery_id = found.delivery_id"
    "   AND number > found.number)"
    "  AND NOT EXISTS (SELECT FROM queue WHERE community_id = found.community_id"
    "   AND webhook_id = found.webhook_id AND delivery_id = found.delivery_id)"};

// $3: looked at up to here; $4: queued by this step; $5: whether that was all.
constexpr pg::Statement kMoveRecovery{
    "move_recovery",
    "UPDATE recoveries SET looked_at = $3, recovered_count = recovered_count + $4,"
    " step_time = now(), state = CASE WHEN $5 THEN 2 ELSE state END,"
    " end_time = CASE WHEN $5 THEN now() END"
    " WHERE community_id = $1 AND recovery_id = $2"};

#undef CRIER_RECOVERY_COLUMNS

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_REPAIR_SQL_H_
