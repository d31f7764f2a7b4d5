// The statements about daily caps.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_CAP_SQL_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_CAP_SQL_H_

#include "common/pg/transaction.h"

namespace crier::evaluator::storage {

// There is a row to lock, even for the first event.
constexpr pg::Statement kOpenCap{
    "open_cap",
    "INSERT INTO event_caps (community_id, workflow_id, day, through_position, recent_positions,"
    " recent_times) VALUES ($1, $2, '-infinity', 0, '{}', '{}') ON CONFLICT DO NOTHING"};

constexpr pg::Statement kLockCap{"lock_cap",
                                 "SELECT day, through_position FROM event_caps"
                                 " WHERE community_id = $1 AND workflow_id = $2 FOR UPDATE"};

constexpr pg::Statement kRecentOfCap{
    "recent_of_cap",
    "SELECT unnest(recent_positions), unnest(recent_times) FROM event_caps"
    " WHERE community_id = $1 AND workflow_id = $2"};

// $3: those that began then or later.
constexpr pg::Statement kCapDays{"cap_days",
                                 "SELECT day, released, suppressed FROM event_cap_days"
                                 " WHERE community_id = $1 AND workflow_id = $2 AND day >= $3"};

constexpr pg::Statement kStoreCap{
    "store_cap",
    "UPDATE event_caps SET day = $3, through_position = $4, recent_positions = $5::bigint[],"
    " recent_times = $6::timestamptz[] WHERE community_id = $1 AND workflow_id = $2"};

constexpr pg::Statement kAddToCapDays{
    "add_to_cap_days",
    "INSERT INTO event_cap_days AS known (community_id, workflow_id, day, released, suppressed)"
    " SELECT $1, $2, * FROM unnest($3::timestamptz[], $4::bigint[], $5::bigint[])"
    " ON CONFLICT (community_id, workflow_id, day) DO UPDATE SET"
    " released = known.released + excluded.released,"
    " suppressed = known.suppressed + excluded.suppressed"};

// Nothing is put off any more: the day that is being filled is the latest one until a time, $3.
constexpr pg::Statement kBackToToday{
    "back_to_today",
    "UPDATE event_caps SET day = coalesce((SELECT max(day) FROM event_cap_days"
    " WHERE community_id = $1 AND workflow_id = $2 AND day <= $3), '-infinity')"
    " WHERE community_id = $1 AND workflow_id = $2"};
constexpr pg::Statement kForgetDaysAhead{
    "forget_days_ahead",
    "DELETE FROM event_cap_days WHERE community_id = $1 AND workflow_id = $2 AND day > $3"};

// Of both kinds of workflows: what the ledger of runs says, and what the days of events do. $3:
// now; $4: when the community's pace can have been booked at the latest.
constexpr pg::Statement kReleaseStatus{
    "release_status",
    "SELECT w.workflow_id, w.template, w.schedule_time_zone, w.max_deliveries_per_day,"
    " l.next_slot, l.cap_day, coalesce(l.cap_count, 0), l.last_filter, l.last_head_time,"
    " e.day, coalesce(e.released, 0), coalesce(e.suppressed, 0), p.full_time,"
    " (SELECT coalesce(sum(released), 0)::bigint FROM event_cap_days c"
    "  WHERE c.community_id = w.community_id AND c.workflow_id = w.workflow_id AND c.day > $3)"
    " FROM workflows w"
    " LEFT JOIN run_ledgers l USING (community_id, workflow_id)"
    " LEFT JOIN community_paces p ON p.community_id = w.community_id AND p.book_time <= $4"
    " LEFT JOIN LATERAL (SELECT day, released, suppressed FROM event_cap_days c"
    "  WHERE c.community_id = w.community_id AND c.workflow_id = w.workflow_id AND c.day <= $3"
    "  ORDER BY day DESC LIMIT 1) e ON true"
    " WHERE w.community_id = $1 AND w.workflow_id = ANY($2::bigint[]) AND w.state <> 3"};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_CAP_SQL_H_
