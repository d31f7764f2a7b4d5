// The statements of PgStatisticsStore.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_STATISTICS_SQL_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_STATISTICS_SQL_H_

#include "common/pg/transaction.h"

namespace crier::evaluator::storage {

// In one order everywhere, so that replicas that add to the same workflows wait for each other and
// do not deadlock.
constexpr pg::Statement kAddStatistics{
    "add_statistics",
    "INSERT INTO workflow_statistics AS known"
    " (community_id, workflow_id, matched, enqueued, last_fire_time)"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],"
    " $5::timestamptz[]) AS added (community_id, workflow_id, matched, enqueued, last_fire_time)"
    " ORDER BY community_id, workflow_id"
    " ON CONFLICT (community_id, workflow_id) DO UPDATE SET"
    " matched = known.matched + excluded.matched,"
    " enqueued = known.enqueued + excluded.enqueued,"
    " last_fire_time = greatest(known.last_fire_time, excluded.last_fire_time)"};

// In the order asked for.
constexpr pg::Statement kGetStatistics{
    "get_statistics",
    "SELECT coalesce(matched, 0), coalesce(enqueued, 0), last_fire_time"
    " FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY"
    " AS wanted (community_id, workflow_id, place)"
    " LEFT JOIN workflow_statistics USING (community_id, workflow_id) ORDER BY place"};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_STATISTICS_SQL_H_
