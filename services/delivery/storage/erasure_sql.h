// The statements of PgErasureStore, and the one that records what it is to do.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_ERASURE_SQL_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_ERASURE_SQL_H_

#include "common/pg/transaction.h"

namespace crier::delivery::storage {

// One that is recorded again begins anew. The second sweep is for what was enqueued by somebody who
// had not heard of the deletion yet.
constexpr pg::Statement kRecordErasures{
    "record_erasures",
    "INSERT INTO erasures"
    " (community_id, contact_id, activity_id, webhooks_through, sweep_time, sweeps_left)"
    " SELECT community_id, contact_id, activity_id,"
    "  coalesce((SELECT max(webhook_id) FROM webhooks w WHERE w.community_id = e.community_id), 0),"
    "  now(), 2"
    " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])"
    "  AS e (community_id, contact_id, activity_id)"
    " ON CONFLICT (community_id, contact_id, activity_id) DO UPDATE SET"
    "  webhooks_through = greatest(erasures.webhooks_through, excluded.webhooks_through),"
    "  sweep_time = excluded.sweep_time, sweeps_left = excluded.sweeps_left"};

// The one that is due for longest, for this transaction alone.
constexpr pg::Statement kTakeErasure{
    "take_erasure",
    "SELECT community_id, contact_id, activity_id, webhooks_through, sweeps_left FROM erasures"
    " WHERE sweep_time <= now() ORDER BY sweep_time LIMIT 1 FOR UPDATE SKIP LOCKED"};

// $4: until the next sweep, in seconds.
constexpr pg::Statement kEndSweep{
    "end_erasure_sweep",
    "UPDATE erasures SET sweeps_left = sweeps_left - 1, sweep_time = now() + $4 * interval '1 s'"
    " WHERE community_id = $1 AND contact_id = $2 AND activity_id = $3"};

constexpr pg::Statement kEndErasure{
    "end_erasure",
    "DELETE FROM erasures WHERE community_id = $1 AND contact_id = $2 AND activity_id = $3"};

// --- of a contact ---

constexpr pg::Statement kDeliveriesOfContact{
    "deliveries_of_contact",
    "SELECT webhook_id, delivery_id, snapshot_id FROM deliveries"
    " WHERE community_id = $1 AND contact_id = $2 LIMIT $3"};

// $4: what of an event's bytes names the activity. One whose event is gone may have told of it.
constexpr pg::Statement kDeliveriesOfActivity{
    "deliveries_of_activity",
    "SELECT webhook_id, delivery_id, snapshot_id FROM deliveries d"
    " WHERE community_id = $1 AND contact_id = $2 AND NOT EXISTS (SELECT FROM snapshots s"
    "  WHERE s.community_id = d.community_id AND s.snapshot_id = d.snapshot_id"
    "  AND position($4::bytea IN s.event) = 0) LIMIT $3"};

// $3: snapshots; one may be named more than once.
constexpr pg::Statement kEraseSnapshots{
    "erase_snapshots",
    "UPDATE snapshots SET event = NULL WHERE community_id = $1 AND snapshot_id = ANY($2::uuid[])"
    " AND event IS NOT NULL"};

constexpr pg::Statement kEraseResponses{
    "erase_responses",
    "UPDATE attempts SET response = ''"
    " FROM unnest($1::bigint[], $2::bigint[], $3::uuid[])"
    "  AS e (community_id, webhook_id, delivery_id)"
    " WHERE attempts.community_id = e.community_id AND attempts.webhook_id = e.webhook_id"
    "  AND attempts.delivery_id = e.delivery_id AND attempts.response <> ''"};

constexpr pg::Statement kMarkErased{
    "mark_erased",
    "UPDATE deliveries SET contact_id = NULL, erased = true"
    " FROM unnest($1::bigint[], $2::bigint[], $3::uuid[])"
    "  AS e (community_id, webhook_id, delivery_id)"
    " WHERE deliveries.community_id = e.community_id AND deliveries.webhook_id = e.webhook_id"
    "  AND deliveries.delivery_id = e.delivery_id"};

// --- of a community ---

constexpr pg::Statement kDeleteWebhookKeys{
    "delete_webhook_keys_of_community",
    "DELETE FROM webhook_signing_keys WHERE community_id = $1 AND webhook_id <= $2"};

constexpr pg::Statement kDeleteWebhooks{
    "delete_webhooks_of_community",
    "DELETE FROM webhooks WHERE community_id = $1 AND webhook_id <= $2"};

constexpr pg::Statement kDeleteRecoveries{
    "delete_recoveries_of_community",
    "DELETE FROM recoveries WHERE community_id = $1 AND webhook_id <= $2"};

constexpr pg::Statement kDeliveriesOfCommunity{
    "deliveries_of_community",
    "SELECT webhook_id, delivery_id, snapshot_id FROM deliveries"
    " WHERE community_id = $1 AND webhook_id <= $2 LIMIT $3"};

constexpr pg::Statement kDeleteAttempts{
    "delete_attempts",
    "DELETE FROM attempts USING unnest($1::bigint[], $2::bigint[], $3::uuid[])"
    "  AS e (community_id, webhook_id, delivery_id)"
    " WHERE attempts.community_id = e.community_id AND attempts.webhook_id = e.webhook_id"
    "  AND attempts.delivery_id = e.delivery_id"};

constexpr pg::Statement kDeleteSnapshots{
    "delete_snapshots",
    "DELETE FROM snapshots WHERE community_id = $1 AND snapshot_id = ANY($2::uuid[])"};

constexpr pg::Statement kDeleteDeliveries{
    "delete_deliveries",
    "DELETE FROM deliveries USING unnest($1::bigint[], $2::bigint[], $3::uuid[])"
    "  AS e (community_id, webhook_id, delivery_id)"
    " WHERE deliveries.community_id = e.community_id AND deliveries.webhook_id = e.webhook_id"
    "  AND deliveries.delivery_id = e.delivery_id"};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_ERASURE_SQL_H_
