// The statements about deliveries.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_SQL_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_SQL_H_

#include "common/pg/transaction.h"

namespace crier::delivery::storage {

// --- intake ---

// Both move producers, each there once, and return those that stood where they were expected to. A
// second caller waits for the first one's commit and then finds the position moved; those who move
// several lock them in the order of their names.
constexpr pg::Statement kMoveProducers{
    "move_producers",
    "UPDATE producers SET position = wanted.next"
    " FROM (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])"
    "  AS given (producer, expected, next) ORDER BY producer) AS wanted"
    " WHERE producers.producer = wanted.producer AND position = wanted.expected"
    " RETURNING producers.producer"};

constexpr pg::Statement kStartProducers{
    "start_producers",
    "INSERT INTO producers (producer, position)"
    " SELECT * FROM unnest($1::text[], $2::bigint[]) AS given (producer, position)"
    " ORDER BY producer ON CONFLICT (producer) DO NOTHING RETURNING producer"};

constexpr pg::Statement kGetProducer{"get_producer",
                                     "SELECT position FROM producers WHERE producer = $1"};

constexpr pg::Statement kInsertSnapshots{"insert_snapshots",
                                         "INSERT INTO snapshots (community_id, snapshot_id, event)"
                                         " SELECT * FROM unnest($1::snapshot_row[])"};

constexpr pg::Statement kInsertDeliveries{
    "insert_deliveries",
    "INSERT INTO deliveries (community_id, webhook_id, delivery_id, snapshot_id, workflow_id,"
    " workflow_name, event_kind, event_accept_time, contact_id)"
    " SELECT * FROM unnest($1::delivery_row[])"};

constexpr pg::Statement kInsertQueue{
    "insert_queue",
    "INSERT INTO queue (community_id, webhook_id, delivery_id, shard, due_time, attempt_count)"
    " SELECT *, 0 FROM unnest($1::queue_row[])"};

constexpr pg::Statement kNotify{"notify_queue", "SELECT pg_notify($1, $2)"};

// --- queue ---

// Skips from one webhook of the shard ($1) to the next, whatever number of rows each has. What is
// paused or disabled is left out, so that its deliveries cost nothing; what is deleted is not: its
// deliveries are to be cancelled.
constexpr pg::Statement kFindWebhooks{
    "find_queued_webhooks",
    "WITH RECURSIVE found AS ("
    " (SELECT community_id, webhook_id, due_time FROM queue WHERE shard = $1"
    "  ORDER BY community_id, webhook_id, due_time LIMIT 1)"
    " UNION ALL"
    " SELECT following.* FROM found CROSS JOIN LATERAL ("
    "  SELECT community_id, webhook_id, due_time FROM queue"
    "  WHERE shard = $1"
    "   AND (community_id, webhook_id) > (found.community_id, found.webhook_id)"
    "  ORDER BY community_id, webhook_id, due_time LIMIT 1) AS following"
    ")"
    " SELECT community_id, webhook_id, due_time"
    " FROM found LEFT JOIN webhooks USING (community_id, webhook_id)"
    " WHERE due_time < $2 AND (state IS NULL OR state = 1 OR delete_time IS NOT NULL)"
    " ORDER BY due_time LIMIT $3"};

// The first $4 of each webhook that are due before $5, and the one after them: what is due later
// costs nothing, however much it is. The `place` of a webhook counts from 1.
constexpr pg::Statement kLoadQueue{
    "load_queue",
    "SELECT wanted.place, first.delivery_id, first.due_time, first.attempt_count,"
    " first.attempts_before, first.redeliveries"
    " FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) WITH ORDINALITY"
    "  AS wanted (shard, community_id, webhook_id, place)"
    " CROSS JOIN LATERAL ("
    "  SELECT * FROM ("
    "   (SELECT delivery_id, due_time, attempt_count, attempts_before, redeliveries"
    "     FROM queue"
    "    WHERE shard = wanted.shard AND community_id = wanted.community_id"
    "     AND webhook_id = wanted.webhook_id AND due_time < $5"
    "    ORDER BY due_time, delivery_id LIMIT $4 + 1)"
    "   UNION ALL"
    "   (SELECT delivery_id, due_time, attempt_count, attempts_before, redeliveries"
    "     FROM queue"
    "    WHERE shard = wanted.shard AND community_id = wanted.community_id"
    "     AND webhook_id = wanted.webhook_id AND due_time >= $5"
    "    ORDER BY due_time, delivery_id LIMIT 1)) AS either"
    "  ORDER BY due_time, delivery_id LIMIT $4 + 1) AS first"
    " ORDER BY wanted.place, first.due_time, first.delivery_id"};

// LIMIT makes the planner look each one up by its key, whatever it believes of fresh partitions.
constexpr pg::Statement kLoadContents{
    "load_contents",
    "SELECT wanted.place, delivery.workflow_id, delivery.workflow_name, snapshot.event,"
    " delivery.event_kind"
    " FROM unnest($1::delivery_key[]) WITH ORDINALITY"
    "  AS wanted (community_id, webhook_id, delivery_id, place)"
    " CROSS JOIN LATERAL ("
    "  SELECT workflow_id, workflow_name, snapshot_id, event_kind FROM deliveries"
    "  WHERE community_id = wanted.community_id AND webhook_id = wanted.webhook_id"
    "   AND delivery_id = wanted.delivery_id LIMIT 1) AS delivery"
    " CROSS JOIN LATERAL ("
    "  SELECT event FROM snapshots"
    "  WHERE community_id = wanted.community_id AND snapshot_id = delivery.snapshot_id"
    "   AND event IS NOT NULL LIMIT 1) AS snapshot"};

// Those of the deliveries that are on the queue.
constexpr pg::Statement kFindQueued{
    "find_queued",
    "SELECT wanted.place FROM unnest($1::delivery_key[]) WITH ORDINALITY"
    "  AS wanted (community_id, webhook_id, delivery_id, place)"
    " WHERE EXISTS (SELECT FROM queue WHERE queue.community_id = wanted.community_id"
    "  AND queue.webhook_id = wanted.webhook_id AND queue.delivery_id = wanted.delivery_id)"};

// --- outcomes ---

// Both take what has been attempted, and return the places, from 1, of those that they found on the
// queue. What was cancelled meanwhile is not there; and what has seen the attempt already, as when
// a commit that did happen is repeated, perhaps after somebody sent it again, is left as it is.
// What somebody wanted to be sent again since the attempt began is not finished by it, and stays
// due then, with the whole schedule before it.
constexpr pg::Statement kDequeue{
    "dequeue",
    "DELETE FROM queue USING unnest($1::attempted_row[]) WITH ORDINALITY"
    "  AS done (community_id, webhook_id, delivery_id, number, due_time, redeliveries, place)"
    " WHERE queue.community_id = done.community_id AND queue.webhook_id = done.webhook_id"
    "  AND queue.delivery_id = done.delivery_id AND queue.attempt_count < done.number"
    "  AND queue.redeliveries <= done.redeliveries"
    " RETURNING done.place"};

constexpr pg::Statement kRequeue{
    "requeue",
    "UPDATE queue SET attempt_count = again.number,"
    "  due_time = CASE WHEN queue.redeliveries <= again.redeliveries"
    "   THEN again.due_time ELSE queue.due_time END,"
    "  attempts_before = CASE WHEN queue.redeliveries <= again.redeliveries"
    "   THEN queue.attempts_before ELSE again.number END"
    " FROM unnest($1::attempted_row[]) WITH ORDINALITY"
    "  AS again (community_id, webhook_id, delivery_id, number, due_time, redeliveries, place)"
    " WHERE queue.community_id = again.community_id AND queue.webhook_id = again.webhook_id"
    "  AND queue.delivery_id = again.delivery_id AND queue.attempt_count < again.number"
    " RETURNING again.place"};

// Those of what has been attempted that are on the queue and have not seen the attempt.
constexpr pg::Statement kFindWanted{
    "find_wanted",
    "SELECT FROM unnest($1::attempted_row[])"
    "  AS late (community_id, webhook_id, delivery_id, number, due_time, redeliveries)"
    " WHERE EXISTS (SELECT FROM queue WHERE queue.community_id = late.community_id"
    "  AND queue.webhook_id = late.webhook_id AND queue.delivery_id = late.delivery_id"
    "  AND queue.attempt_count < late.number)"};

// Takes deliveries off the queue that are not to be attempted, and returns the places, from 1, of
// those that it found there.
constexpr pg::Statement kDrop{
    "drop_queued",
    "DELETE FROM queue USING unnest($1::delivery_key[]) WITH ORDINALITY"
    "  AS gone (community_id, webhook_id, delivery_id, place)"
    " WHERE queue.community_id = gone.community_id AND queue.webhook_id = gone.webhook_id"
    "  AND queue.delivery_id = gone.delivery_id"
    " RETURNING gone.place"};

// Of deliveries that were on the queue: so their attempts cannot be there yet.
constexpr pg::Statement kInsertAttempts{
    "insert_attempts",
    "INSERT INTO attempts (community_id, webhook_id, delivery_id, number, delivery_state,"
    " exchange, response, outcome, response_status, duration_us)"
    " SELECT * FROM unnest($1::attempt_row[])"};

// Of the others. None is added to a delivery that was erased with its community, and a repetition
// finds its rows and leaves them: returns the deliveries of those.
constexpr pg::Statement kInsertLateAttempts{
    "insert_late_attempts",
    "WITH late AS (SELECT given.* FROM unnest($1::attempt_row[]) AS given"
    "  CROSS JOIN LATERAL (SELECT FROM deliveries WHERE community_id = given.community_id"
    "   AND webhook_id = given.webhook_id AND delivery_id = given.delivery_id"
    "   LIMIT 1 FOR KEY SHARE) AS delivery)"
    ", added AS (INSERT INTO attempts (community_id, webhook_id, delivery_id, number,"
    "  delivery_state, exchange, response, outcome, response_status, duration_us)"
    "  SELECT * FROM late ON CONFLICT DO NOTHING RETURNING delivery_id)"
    " SELECT delivery_id FROM late EXCEPT SELECT delivery_id FROM added"};

// The pending deliveries of a webhook that is being deleted. The replica that has them in memory
// finds the webhook gone before it begins an attempt.
constexpr pg::Statement kCancelDeliveries{
    "cancel_deliveries", "DELETE FROM queue WHERE community_id = $1 AND webhook_id = $2"};

// The same of a webhook that stays, and that a replica may have deliveries of in memory. Returns
// how many there were.
constexpr pg::Statement kCancelAllQueued{
    "cancel_all_queued",
    "WITH gone AS (DELETE FROM queue WHERE community_id = $1 AND webhook_id = $2"
    "  RETURNING delivery_id)"
    ", noted AS (UPDATE webhooks SET cancelled_through = greatest(cancelled_through,"
    "  (SELECT delivery_id FROM gone ORDER BY delivery_id DESC LIMIT 1))"
    " WHERE community_id = $1 AND webhook_id = $2)"
    " SELECT count(*) FROM gone"};

// Takes deliveries off the queue, without an attempt.
constexpr pg::Statement kCancelQueued{
    "cancel_queued",
    "DELETE FROM queue USING unnest($1::bigint[], $2::bigint[], $3::uuid[])"
    "  AS gone (community_id, webhook_id, delivery_id)"
    " WHERE queue.community_id = gone.community_id AND queue.webhook_id = gone.webhook_id"
    "  AND queue.delivery_id = gone.delivery_id"
    " RETURNING queue.webhook_id, queue.delivery_id"};

// $1 to $3: webhooks of one community each once, with the greatest delivery that was cancelled.
// Nobody asks those that are deleted.
constexpr pg::Statement kNoteCancelled{
    "note_cancelled",
    "UPDATE webhooks SET cancelled_through = greatest(cancelled_through, gone.delivery_id)"
    " FROM unnest($1::bigint[], $2::bigint[], $3::uuid[])"
    "  AS gone (community_id, webhook_id, delivery_id)"
    " WHERE webhooks.community_id = gone.community_id AND webhooks.webhook_id = gone.webhook_id"
    "  AND delete_time IS NULL"};

// --- reading ---

// The columns of this and the next statement are read by one function: a row for each attempt, and
// one for a delivery without any. One statement sees one moment, so a delivery that is finished
// meanwhile is not seen between the queue and its last attempt.
constexpr pg::Statement kGetDelivery{
    "get_delivery",
    "SELECT delivery.delivery_id, delivery.workflow_id, delivery.event_kind,"
    " delivery.event_accept_time, queued.due_time, attempt.number, attempt.delivery_state,"
    " attempt.exchange, attempt.response, delivery.erased, delivery.webhook_id"
    " FROM deliveries AS delivery"
    " LEFT JOIN LATERAL (SELECT due_time FROM queue"
    "  WHERE community_id = $1 AND webhook_id = $2 AND delivery_id = delivery.delivery_id LIMIT 1)"
    "  AS queued ON true"
    " LEFT JOIN LATERAL (SELECT number, delivery_state, exchange, response FROM attempts"
    "  WHERE community_id = $1 AND webhook_id = $2 AND delivery_id = delivery.delivery_id"
    "  ORDER BY number LIMIT 1000) AS attempt ON true"
    " WHERE delivery.community_id = $1 AND delivery.webhook_id = $2 AND delivery.delivery_id = $3"
    " ORDER BY attempt.number"};

// As kGetDelivery, for several of a community, newest first.
constexpr pg::Statement kGetDeliveries{
    "get_deliveries",
    "SELECT delivery.delivery_id, delivery.workflow_id, delivery.event_kind,"
    " delivery.event_accept_time, queued.due_time, attempt.number, attempt.delivery_state,"
    " attempt.exchange, attempt.response, delivery.erased, wanted.webhook_id"
    " FROM unnest($2::bigint[], $3::uuid[]) AS wanted (webhook_id, delivery_id)"
    " CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE community_id = $1"
    "  AND webhook_id = wanted.webhook_id AND delivery_id = wanted.delivery_id LIMIT 1) AS delivery"
    " LEFT JOIN LATERAL (SELECT due_time FROM queue WHERE community_id = $1"
    "  AND webhook_id = wanted.webhook_id AND delivery_id = wanted.delivery_id LIMIT 1)"
    "  AS queued ON true"
    " LEFT JOIN LATERAL (SELECT number, delivery_state, exchange, response FROM attempts"
    "  WHERE community_id = $1 AND webhook_id = wanted.webhook_id"
    "   AND delivery_id = wanted.delivery_id ORDER BY number LIMIT 1000) AS attempt ON true"
    " ORDER BY delivery.delivery_id DESC, attempt.number"};

// --- listing ---
//
// Each of the next four finds candidates of a listing, newest first: those of community $1 from $2
// to before $3, at most $4; those with a $5 of that webhook. They return the webhook and the
// delivery, and are made from parts, since what comes after finding them is the same.

#define CRIER_CANDIDATES_WITH_STATE(candidates)                                              \
  "SELECT candidate.webhook_id, candidate.delivery_id, delivery.workflow_id, queued.found,"  \
  " last.delivery_state, last.response_status"                                               \
  " FROM (" candidates                                                                       \
  "  ORDER BY delivery_id DESC LIMIT $4) AS candidate"                                       \
  " CROSS JOIN LATERAL (SELECT workflow_id FROM deliveries WHERE community_id = $1"          \
  "  AND webhook_id = candidate.webhook_id AND delivery_id = candidate.delivery_id LIMIT 1)" \
  "  AS delivery"                                                                            \
  " LEFT JOIN LATERAL (SELECT true AS found FROM queue WHERE community_id = $1"              \
  "  AND webhook_id = candidate.webhook_id AND delivery_id = candidate.delivery_id LIMIT 1)" \
  "  AS queued ON true"                                                                      \
  " LEFT JOIN LATERAL (SELECT delivery_state, response_status FROM attempts"                 \
  "  WHERE community_id = $1 AND webhook_id = candidate.webhook_id"                          \
  "   AND delivery_id = candidate.delivery_id ORDER BY number DESC LIMIT 1) AS last ON true" \
  " ORDER BY candidate.delivery_id DESC"

constexpr pg::Statement kListCommunity{
    "list_deliveries_of_community",
    CRIER_CANDIDATES_WITH_STATE("SELECT webhook_id, delivery_id FROM deliveries"
                                " WHERE community_id = $1 AND delivery_id >= $2"
                                " AND delivery_id < $3")};

constexpr pg::Statement kListWebhook{
    "list_deliveries_of_webhook",
    CRIER_CANDIDATES_WITH_STATE("SELECT webhook_id, delivery_id FROM deliveries"
                                " WHERE community_id = $1 AND webhook_id = $5"
                                " AND delivery_id >= $2 AND delivery_id < $3")};

constexpr pg::Statement kListQueued{
    "list_queued_deliveries",
    CRIER_CANDIDATES_WITH_STATE("SELECT webhook_id, delivery_id FROM queue"
                                " WHERE community_id = $1 AND webhook_id = $5"
                                " AND delivery_id >= $2 AND delivery_id < $3")};

// $5 may be NULL, for all webhooks; $6 to $8: of the attempt the state, if not NULL, and the
// response's status. A delivery comes once for each such attempt.
constexpr pg::Statement kListFailed{
    "list_failed_deliveries",
    CRIER_CANDIDATES_WITH_STATE("SELECT webhook_id, delivery_id FROM attempts"
                                " WHERE community_id = $1 AND outcome <> 1 AND delivery_id >= $2"
                                " AND delivery_id < $3"
                                " AND ($5::bigint IS NULL OR webhook_id = $5)"
                                " AND ($6::smallint IS NULL OR delivery_state = $6)"
                                " AND response_status BETWEEN $7 AND $8")};

#undef CRIER_CANDIDATES_WITH_STATE

// --- health ---

// $3: how many attempts.
constexpr pg::Statement kHealth{"webhook_health",
                                "SELECT count(*), count(*) FILTER (WHERE outcome = 1),"
                                " percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_us),"
                                " percentile_disc(0.99) WITHIN GROUP (ORDER BY duration_us),"
                                " min(delivery_id::text)"
                                " FROM (SELECT outcome, duration_us, delivery_id FROM attempts"
                                "  WHERE community_id = $1 AND webhook_id = $2"
                                "  ORDER BY delivery_id DESC, number DESC LIMIT $3) AS recent"};

// $3: the oldest delivery to look at.
constexpr pg::Statement kLastFailure{
    "last_failure_of_webhook",
    "SELECT exchange FROM attempts"
    " WHERE community_id = $1 AND webhook_id = $2 AND delivery_id >= $3 AND outcome <> 1"
    " ORDER BY delivery_id DESC, number DESC LIMIT 1"};

// $3: the webhook's shard; $4: how many are counted. With the webhook's failures, and whether there
// is such a webhook.
constexpr pg::Statement kPending{
    "pending_of_webhook",
    "SELECT (SELECT count(*) FROM (SELECT FROM queue WHERE community_id = $1 AND webhook_id = $2"
    "  LIMIT $4) AS counted),"
    " (SELECT due_time FROM queue WHERE shard = $3 AND community_id = $1 AND webhook_id = $2"
    "  ORDER BY due_time, delivery_id LIMIT 1),"
    " (SELECT failing_since FROM webhooks WHERE community_id = $1 AND webhook_id = $2),"
    " EXISTS (SELECT FROM webhooks WHERE community_id = $1 AND webhook_id = $2"
    "  AND delete_time IS NULL)"};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_SQL_H_
