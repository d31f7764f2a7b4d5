// The statements of PgWebhookStore.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_SQL_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_SQL_H_

#include "common/pg/transaction.h"

namespace crier::delivery::storage {

// No row when the request id is taken; then the other call has committed. NULL is taken by nobody.
constexpr pg::Statement kInsertWebhook{
    "insert_webhook",
    "INSERT INTO webhooks (community_id, request_id, display_name, url, secret, payload_version,"
    " envelope, member_alias, custom_headers, request_timeout_ns, create_time, update_time, "
    "version)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, jsonb_object($9::text[], $10::text[]), $11, $12, $13,"
    " 1)"
    " ON CONFLICT (community_id, request_id) DO NOTHING"
    " RETURNING webhook_id"};

// $3: the keys, newest first.
constexpr pg::Statement kInsertKeys{
    "insert_webhook_keys",
    "INSERT INTO webhook_signing_keys (community_id, webhook_id, key_number, key)"
    " SELECT $1, $2, cardinality($3::bytea[]) - place + 1, key"
    " FROM unnest($3::bytea[]) WITH ORDINALITY AS given (key, place)"};

constexpr pg::Statement kFindByRequestId{
    "find_webhook_by_request_id",
    "SELECT webhook_id FROM webhooks WHERE community_id = $1 AND request_id = $2"};

// The columns of this and the next statement are read by one function.
constexpr pg::Statement kGetWebhooks{
    "get_webhooks",
    "SELECT community_id, webhook_id, display_name, url, secret, payload_version, envelope,"
    " member_alias, custom_headers::text, request_timeout_ns, create_time, update_time, version,"
    " (SELECT string_agg(encode(k.key, 'hex'), ' ' ORDER BY k.key_number DESC)"
    "  FROM webhook_signing_keys k"
    "  WHERE k.community_id = w.community_id AND k.webhook_id = w.webhook_id),"
    " cancelled_through"
    " FROM webhooks w"
    " JOIN (SELECT DISTINCT * FROM unnest($1::bigint[], $2::bigint[])"
    "       AS given (community_id, webhook_id)) wanted USING (community_id, webhook_id)"
    " WHERE delete_time IS NULL"};

// One row for each webhook asked for, in order.
constexpr pg::Statement kGetVersions{
    "get_webhook_versions",
    "SELECT coalesce(w.version, 0)"
    " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY"
    "  AS given (community_id, webhook_id, place)"
    " LEFT JOIN webhooks w ON w.community_id = given.community_id"
    "  AND w.webhook_id = given.webhook_id AND w.delete_time IS NULL"
    " ORDER BY given.place"};

constexpr pg::Statement kListWebhooks{
    "list_webhooks",
    "SELECT community_id, webhook_id, display_name, url, secret, payload_version, envelope,"
    " member_alias, custom_headers::text, request_timeout_ns, create_time, update_time, version,"
    " (SELECT string_agg(encode(k.key, 'hex'), ' ' ORDER BY k.key_number DESC)"
    "  FROM webhook_signing_keys k"
    "  WHERE k.community_id = w.community_id AND k.webhook_id = w.webhook_id),"
    " cancelled_through"
    " FROM webhooks w"
    " WHERE community_id = $1 AND webhook_id > $2 AND delete_time IS NULL"
    " ORDER BY webhook_id LIMIT $3"};

// Holds off every other change of the webhook until the transaction ends.
constexpr pg::Statement kLockWebhook{
    "lock_webhook",
    "SELECT 1 FROM webhooks WHERE community_id = $1 AND webhook_id = $2 AND delete_time IS NULL"
    " FOR UPDATE"};

constexpr pg::Statement kUpdateWebhook{
    "update_webhook",
    "UPDATE webhooks SET display_name = $3, url = $4, secret = $5, payload_version = $6,"
    " envelope = $7, member_alias = $8, custom_headers = jsonb_object($9::text[], $10::text[]),"
    " request_timeout_ns = $11, update_time = $12, version = $13"
    " WHERE community_id = $1 AND webhook_id = $2"};

constexpr pg::Statement kEmptyWebhook{
    "empty_webhook",
    "UPDATE webhooks SET display_name = '', url = '', secret = '', custom_headers = '{}',"
    " update_time = now(), delete_time = now(), version = version + 1"
    " WHERE community_id = $1 AND webhook_id = $2"};

constexpr pg::Statement kDeleteKeys{
    "delete_webhook_keys",
    "DELETE FROM webhook_signing_keys WHERE community_id = $1 AND webhook_id = $2"};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_SQL_H_
