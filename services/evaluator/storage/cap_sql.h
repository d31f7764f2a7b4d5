// The statements about daily caps.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_CAP_SQL_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_CAP_SQL_H_

#include "common/pg/transaction.h"

namespace crier::evaluator::storage {

// There is a row to lock, even for the first event of a day.
constexpr pg::Statement kOpenDay{
    "open_cap_day",
    "INSERT INTO event_caps (community_id, workflow_id, day, released, suppressed,"
    " through_position, suppressed_positions) VALUES ($1, $2, $3, 0, 0, 0, '{}')"
    " ON CONFLICT DO NOTHING"};

constexpr pg::Statement kLockDay{
    "lock_cap_day",
    "SELECT released, suppressed, through_position, array_to_string(suppressed_positions, ' ')"
    " FROM event_caps WHERE community_id = $1 AND workflow_id = $2 AND day = $3 FOR UPDATE"};

constexpr pg::Statement kStoreDay{
    "store_cap_day",
    "UPDATE event_caps SET released = $4, suppressed = $5, through_position = $6,"
    " suppressed_positions = $7::bigint[]"
    " WHERE community_id = $1 AND workflow_id = $2 AND day = $3"};

// Of both kinds of workflows: what the ledger of runs says, and the latest day of events.
constexpr pg::Statement kReleaseStatus{
    "release_status",
    "SELECT w.workflow_id, w.template, w.schedule_time_zone, w.max_deliveries_per_day,"
    " l.next_slot, l.cap_day, coalesce(l.cap_count, 0), l.last_filter, l.last_head_time,"
    " e.day, coalesce(e.released, 0), coalesce(e.suppressed, 0) FROM workflows w"
    " LEFT JOIN run_ledgers l USING (community_id, workflow_id)"
    " LEFT JOIN LATERAL (SELECT day, released, suppressed FROM event_caps c"
    "  WHERE c.community_id = w.community_id AND c.workflow_id = w.workflow_id AND c.day <= $3"
    "  ORDER BY day DESC LIMIT 1) e ON true"
    " WHERE w.community_id = $1 AND w.workflow_id = ANY($2::bigint[]) AND w.state <> 3"};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_CAP_SQL_H_
