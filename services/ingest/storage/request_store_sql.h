// The statements of request_store.
#ifndef CRIER_SERVICES_INGEST_STORAGE_REQUEST_STORE_SQL_H_
#define CRIER_SERVICES_INGEST_STORAGE_REQUEST_STORE_SQL_H_

#include "common/pg/transaction.h"

namespace crier::ingest::storage {

inline constexpr pg::Statement kLoadRequests{
    "load_requests",
    "SELECT r.community_id, r.request_id, r.fingerprint, r.entity_name, r.outcome, r.accept_time"
    " FROM unnest($1::bigint[], $2::bytea[]) AS wanted (community_id, request_id)"
    " JOIN requests r USING (community_id, request_id)"};

inline constexpr pg::Statement kSaveRequests{
    "save_requests",
    "INSERT INTO requests (community_id, request_id, fingerprint, entity_name, outcome, "
    "accept_time)"
    " SELECT community_id, request_id, fingerprint, entity_name, outcome, accept_time"
    " FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::text[], $5::smallint[],"
    " $6::timestamptz[]) AS r"
    " (community_id, request_id, fingerprint, entity_name, outcome, accept_time)"};

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_REQUEST_STORE_SQL_H_
