// The statements about the members in ledgers.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_MEMBER_SQL_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_MEMBER_SQL_H_

#include "common/pg/transaction.h"

namespace crier::evaluator::storage {

// A ledger is asked for one contact at a time, by index. What else the planner may find cheaper, it
// finds while the ledgers are empty, or were when they were last analyzed; plans are kept for as
// long as a connection, and a first run fills a ledger with a million rows within a minute. So the
// look-ups are fenced off from the rest of a statement (OFFSET 0), and tables are not read whole.
#define CRIER_BY_INDEX "set_config('enable_seqscan', 'off', true)"
#define CRIER_EACH_OF(parameter) \
  " FROM unnest(" parameter "::bigint[]) AS each (id) CROSS JOIN LATERAL "
constexpr pg::Statement kAskByIndex{"ask_by_index", "SELECT " CRIER_BY_INDEX};

// Pages are decided on side by side; merges and deletions of the community wait for them, and they
// for those. Held until the end of the transaction, in which ledgers are asked by index.
constexpr pg::Statement kShareMembers{"share_members",
                                      "SELECT " CRIER_BY_INDEX
                                      ", pg_advisory_xact_lock_shared("
                                      "hashtextextended(current_schema() || '.members', $1))"};
constexpr pg::Statement kLockMembers{
    "lock_members",
    "SELECT " CRIER_BY_INDEX
    ", pg_advisory_xact_lock(hashtextextended(current_schema() || '.members', $1))"};

constexpr pg::Statement kFindSent{
    "find_sent",
    "SELECT each.id" CRIER_EACH_OF("$2") "(SELECT FROM sent_members"
    " WHERE community_id = $1 AND contact_id = each.id AND workflow_id = $3 OFFSET 0) sent"};

constexpr pg::Statement kFindGone{
    "find_gone",
    "SELECT each.id" CRIER_EACH_OF("$2") "(SELECT FROM gone_contacts"
    " WHERE community_id = $1 AND contact_id = each.id OFFSET 0) gone"};

// A member that is there already is an error: it would be sent twice.
constexpr pg::Statement kInsertSent{
    "insert_sent",
    "INSERT INTO sent_members (community_id, workflow_id, contact_id)"
    " SELECT $1, $2, unnest($3::bigint[])"};

constexpr pg::Statement kErasures{
    "erasures_of_community", "SELECT erasures FROM community_erasures WHERE community_id = $1"};

// Workflow and contact of every part of a merge that is in a ledger.
constexpr pg::Statement kFindSentByAny{
    "find_sent_by_any",
    "SELECT workflow_id, each.id" CRIER_EACH_OF("$2") "(SELECT workflow_id FROM sent_members"
    " WHERE community_id = $1 AND contact_id = each.id OFFSET 0) sent"};

// Pages with one of the contacts in them, and those that have been changed already: whoever did may
// have ended before their producers were moved.
constexpr pg::Statement kLockPagesWith{
    "lock_pages_with",
    "SELECT workflow_id, position, array_to_string(pending_contacts, ' ') FROM run_ledgers"
    " WHERE community_id = $1 AND (pending_contacts && $2::bigint[] OR pending_changed)"
    " ORDER BY workflow_id FOR UPDATE"};

constexpr pg::Statement kChangePage{
    "change_page",
    "UPDATE run_ledgers SET pending_contacts = $3::bigint[], pending_changed = true"
    " WHERE community_id = $1 AND workflow_id = $2"};

constexpr pg::Statement kMarkGone{
    "mark_gone",
    "INSERT INTO gone_contacts (community_id, contact_id, gone_time)"
    " SELECT $1, unnest($2::bigint[]), $3"
    " ON CONFLICT (community_id, contact_id) DO UPDATE SET gone_time = excluded.gone_time"};

constexpr pg::Statement kCarryOver{
    "carry_over",
    "INSERT INTO sent_members (community_id, contact_id, workflow_id)"
    " SELECT DISTINCT $1::bigint, $2::bigint, workflow_id" CRIER_EACH_OF("$3")
    "(SELECT workflow_id FROM sent_members"
    " WHERE community_id = $1 AND contact_id = each.id OFFSET 0) sent ON CONFLICT DO NOTHING"};

constexpr pg::Statement kForgetSent{
    "forget_sent", "DELETE FROM sent_members WHERE community_id = $1 AND contact_id = $2"};

constexpr pg::Statement kCountErasure{
    "count_erasure",
    "INSERT INTO community_erasures (community_id, erasures) VALUES ($1, 1)"
    " ON CONFLICT (community_id) DO UPDATE SET erasures = community_erasures.erasures + 1"};

constexpr pg::Statement kEmptyPages{
    "empty_pages",
    "UPDATE run_ledgers SET pending_contacts = '{}', pending_changed = true WHERE community_id = $1"
    " AND pending_contacts IS NOT NULL RETURNING workflow_id, position"};

constexpr pg::Statement kForgetSome{
    "forget_some",
    "DELETE FROM sent_members WHERE (community_id, contact_id, workflow_id) IN"
    " (SELECT community_id, contact_id, workflow_id FROM sent_members"
    " WHERE community_id = $1 LIMIT $2)"};

// What caps have put off is cancelled with the community, so no day is full any more. Where the
// events were counted up to stays.
constexpr pg::Statement kEmptyCaps{
    "empty_caps", "UPDATE event_caps SET day = '-infinity' WHERE community_id = $1"};
constexpr pg::Statement kForgetCapDays{"forget_cap_days",
                                       "DELETE FROM event_cap_days WHERE community_id = $1"};

constexpr pg::Statement kForgetGone{"forget_gone",
                                    "DELETE FROM gone_contacts WHERE community_id = $1"};

#undef CRIER_EACH_OF
#undef CRIER_BY_INDEX

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_MEMBER_SQL_H_
