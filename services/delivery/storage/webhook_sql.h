// The statements of PgWebhookStore.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_SQL_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_SQL_H_

#include "common/pg/transaction.h"

// Of `webhooks w`, as ReadWebhook() of webhook_store.cc reads them.
#define CRIER_WEBHOOK_COLUMNS                                                                \
  "community_id, webhook_id, display_name, url, secret, payload_version, envelope,"          \
  " member_alias, custom_headers, request_timeout_ns, create_time, update_time, version,"    \
  " cancelled_through, client_certificate, client_key, trusted_roots,"                       \
  " (SELECT string_agg(concat_ws(':', k.key_number, k.scheme, encode(k.key, 'hex'),"         \
  "   (extract(epoch FROM k.create_time) * 1000000)::bigint,"                                \
  "   CASE WHEN isfinite(k.expire_time)"                                                     \
  "    THEN (extract(epoch FROM k.expire_time) * 1000000)::bigint ELSE -1 END,"              \
  "   encode(convert_to(k.request_id, 'UTF8'), 'hex')), ' ' ORDER BY k.key_number DESC)"     \
  "  FROM webhook_signing_keys k"                                                            \
  "  WHERE k.community_id = w.community_id AND k.webhook_id = w.webhook_id"                  \
  "   AND k.expire_time > now()),"                                                           \
  " state, disable_reason, state_change_time, array_to_string(retry_delays_ns, ' '), "       \
  "max_attempts,"                                                                            \
  " attempts_per_minute, max_concurrency, operational, failing_since, failing_counted_time," \
  " failing_counted_us, failing_told"

namespace crier::delivery::storage {

// The id comes before the row, because what is sealed is sealed for it.
constexpr pg::Statement kNextWebhookId{
    "next_webhook_id", "SELECT nextval(pg_get_serial_sequence('webhooks', 'webhook_id'))"};

// No row when the request id is taken; then the other call has committed. NULL is taken by nobody.
constexpr pg::Statement kInsertWebhook{
    "insert_webhook",
    "INSERT INTO webhooks (community_id, webhook_id, display_name, url, secret, payload_version,"
    " envelope, member_alias, custom_headers, request_timeout_ns, client_certificate, client_key,"
    " trusted_roots, request_id, create_time, update_time, version, retry_delays_ns,"
    " max_attempts, attempts_per_minute, max_concurrency, operational)"
    " OVERRIDING SYSTEM VALUE"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1, $17, $18,"
    " $19, $20, $21)"
    " ON CONFLICT (community_id, request_id) DO NOTHING"
    " RETURNING webhook_id"};

constexpr pg::Statement kInsertKeys{
    "insert_webhook_keys",
    "INSERT INTO webhook_signing_keys"
    " (community_id, webhook_id, key_number, scheme, key, create_time, expire_time, request_id)"
    " SELECT $1, $2, number, scheme, key, created, coalesce(expires, 'infinity'), request_id"
    " FROM unnest($3::integer[], $4::smallint[], $5::bytea[], $6::timestamptz[],"
    "  $7::timestamptz[], $8::text[])"
    "  AS given (number, scheme, key, created, expires, request_id)"};

constexpr pg::Statement kFindByRequestId{
    "find_webhook_by_request_id",
    "SELECT webhook_id FROM webhooks WHERE community_id = $1 AND request_id = $2"};

constexpr pg::Statement kGetWebhooks{
    "get_webhooks",
    "SELECT " CRIER_WEBHOOK_COLUMNS
    " FROM webhooks w"
    " JOIN (SELECT DISTINCT * FROM unnest($1::bigint[], $2::bigint[])"
    "       AS given (community_id, webhook_id)) wanted USING (community_id, webhook_id)"
    " WHERE delete_time IS NULL"};

// The `place` of each webhook asked for that there is, from 1, and the version of its row: whatever
// changes a webhook or its keys writes its row, and every transaction that does so has another
// number.
constexpr pg::Statement kGetRowVersions{
    "get_webhook_row_versions",
    "SELECT given.place, w.xmin FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY"
    "  AS given (community_id, webhook_id, place)"
    " JOIN webhooks w ON w.community_id = given.community_id"
    "  AND w.webhook_id = given.webhook_id AND w.delete_time IS NULL"};

// One row for each webhook asked for, in order; NULL for one that there is not.
constexpr pg::Statement kGetStates{"get_webhook_states",
                                   "SELECT w.state"
                                   " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY"
                                   "  AS given (community_id, webhook_id, place)"
                                   " LEFT JOIN webhooks w ON w.community_id = given.community_id"
                                   "  AND w.webhook_id = given.webhook_id AND w.delete_time IS NULL"
                                   " ORDER BY given.place"};

constexpr pg::Statement kListWebhooks{
    "list_webhooks", "SELECT " CRIER_WEBHOOK_COLUMNS
                     " FROM webhooks w"
                     " WHERE community_id = $1 AND webhook_id > $2 AND delete_time IS NULL"
                     " ORDER BY webhook_id LIMIT $3"};

// Holds off every other change of the webhook until the transaction ends.
constexpr pg::Statement kLockWebhook{
    "lock_webhook",
    "SELECT 1 FROM webhooks WHERE community_id = $1 AND webhook_id = $2 AND delete_time IS NULL"
    " FOR UPDATE"};

// A secret that is NULL stays as it is.
constexpr pg::Statement kUpdateWebhook{
    "update_webhook",
    "UPDATE webhooks SET display_name = $3, url = $4, secret = coalesce($5, secret),"
    " payload_version = $6, envelope = $7, member_alias = $8,"
    " custom_headers = coalesce($9, custom_headers), request_timeout_ns = $10,"
    " client_certificate = $11, client_key = coalesce($12, client_key), trusted_roots = $13,"
    " update_time = $14, version = $15,"
    " retry_delays_ns = $16, max_attempts = $17, attempts_per_minute = $18, max_concurrency = $19,"
    " operational = $20, failing_since = $21, failing_counted_time = $22, failing_counted_us = $23,"
    " failing_told = $24"
    " WHERE community_id = $1 AND webhook_id = $2"};

constexpr pg::Statement kSetState{
    "set_webhook_state",
    "UPDATE webhooks SET failing_since = $3, failing_counted_time = $4, failing_counted_us = $5,"
    " failing_told = $6, state = $7, disable_reason = $8, state_change_time = $9,"
    " update_time = $10, version = $11"
    " WHERE community_id = $1 AND webhook_id = $2"};

// Locks the webhooks ($1, $2) in the order of their keys, and reads what attempts may change.
constexpr pg::Statement kLockHealth{
    "lock_webhook_health",
    "SELECT community_id, webhook_id, display_name, version, state, disable_reason,"
    " state_change_time, update_time, failing_since, failing_counted_time, failing_counted_us,"
    " failing_told"
    " FROM webhooks"
    " WHERE (community_id, webhook_id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))"
    "  AND delete_time IS NULL"
    " ORDER BY community_id, webhook_id FOR UPDATE"};

// Whom to tell of the webhooks $1, $2: the other operational ones of their communities; with the
// name of the webhook.
constexpr pg::Statement kFindOperational{
    "find_operational_webhooks",
    "SELECT subject.community_id, subject.webhook_id, subject.display_name, told.webhook_id"
    " FROM webhooks subject JOIN webhooks told USING (community_id)"
    " WHERE (subject.community_id, subject.webhook_id)"
    "   IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))"
    "  AND subject.delete_time IS NULL AND told.operational AND told.delete_time IS NULL"
    "  AND told.webhook_id <> subject.webhook_id"
    " ORDER BY told.webhook_id"};

constexpr pg::Statement kEmptyWebhook{
    "empty_webhook",
    "UPDATE webhooks SET display_name = '', url = '', secret = '', custom_headers = '',"
    " client_certificate = '', client_key = '', trusted_roots = '', operational = false,"
    " update_time = now(), delete_time = now(), version = version + 1"
    " WHERE community_id = $1 AND webhook_id = $2"};

constexpr pg::Statement kDeleteKeys{
    "delete_webhook_keys",
    "DELETE FROM webhook_signing_keys WHERE community_id = $1 AND webhook_id = $2"};

// --- sealing again ---

// $1, $2: the webhook that the last ones ended with.
constexpr pg::Statement kScanSecrets{
    "scan_webhook_secrets",
    "SELECT community_id, webhook_id, secret, client_key, custom_headers FROM webhooks"
    " WHERE (community_id, webhook_id) > ($1, $2) AND delete_time IS NULL"
    " ORDER BY community_id, webhook_id LIMIT $3"};

constexpr pg::Statement kScanKeys{
    "scan_webhook_keys",
    "SELECT k.community_id, k.webhook_id, k.key_number, k.key FROM webhook_signing_keys k"
    " JOIN unnest($1::bigint[], $2::bigint[]) AS given (community_id, webhook_id)"
    "  USING (community_id, webhook_id)"};

// Each puts $4 in place of $3, unless that has been changed meanwhile.
constexpr pg::Statement kReplaceSecret{
    "replace_webhook_secret",
    "UPDATE webhooks SET secret = $4 WHERE community_id = $1 AND webhook_id = $2 AND secret = $3"};
constexpr pg::Statement kReplaceClientKey{
    "replace_webhook_client_key",
    "UPDATE webhooks SET client_key = $4"
    " WHERE community_id = $1 AND webhook_id = $2 AND client_key = $3"};
constexpr pg::Statement kReplaceHeaders{
    "replace_webhook_headers",
    "UPDATE webhooks SET custom_headers = $4"
    " WHERE community_id = $1 AND webhook_id = $2 AND custom_headers = $3"};
constexpr pg::Statement kReplaceKey{
    "replace_webhook_key",
    "UPDATE webhook_signing_keys SET key = $4"
    " WHERE community_id = $1 AND webhook_id = $2 AND key = $3 AND key_number = $5"};

constexpr pg::Statement kDeleteExpiredKeys{
    "delete_expired_webhook_keys", "DELETE FROM webhook_signing_keys WHERE expire_time <= now()"};

}  // namespace crier::delivery::storage

#undef CRIER_WEBHOOK_COLUMNS

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_SQL_H_
