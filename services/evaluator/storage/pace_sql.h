// The statements about what is put off.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_PACE_SQL_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_PACE_SQL_H_

#include "common/pg/transaction.h"

namespace crier::evaluator::storage {

constexpr pg::Statement kStorePaces{
    "store_paces",
    "INSERT INTO community_paces AS known"
    " (community_id, log_partition, from_position, book_time, full_before, full_time)"
    " SELECT community_id, $1, from_position, book_time, full_before, full_time"
    " FROM unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[],"
    "  $6::timestamptz[])"
    "  AS new (community_id, from_position, book_time, full_before, full_time)"
    " ORDER BY community_id"
    " ON CONFLICT (community_id) DO UPDATE SET log_partition = excluded.log_partition,"
    " from_position = excluded.from_position, book_time = excluded.book_time,"
    " full_before = excluded.full_before, full_time = excluded.full_time"
    " WHERE known.from_position <= excluded.from_position"};

// $2: now; $3: when a booking can have been made at the latest.
constexpr pg::Statement kLoadPaces{
    "load_paces",
    "SELECT community_id, from_position, book_time, full_before, full_time FROM community_paces"
    " WHERE log_partition = $1 AND full_time > $2 AND book_time <= $3 ORDER BY community_id"};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_PACE_SQL_H_
