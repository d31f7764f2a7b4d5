// The statements about runs. The columns of a run are those that ReadRun() of run_rows.cc reads.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_RUN_SQL_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_RUN_SQL_H_

#include "common/pg/transaction.h"

#define CRIER_RUN_COLUMNS                                                         \
  "community_id, workflow_id, run_id, trigger, state, full_scan_wanted, filter,"  \
  " evaluate_time, changed_since, head_time, cursor_contact_id, expected_count,"  \
  " matched_count, sent_count, skipped_count, hold, ready_time, failures, error," \
  " create_time, start_time, end_time"

namespace crier::evaluator::storage {

constexpr pg::Statement kGetRun{
    "get_run", "SELECT " CRIER_RUN_COLUMNS
               " FROM workflow_runs WHERE community_id = $1 AND workflow_id = $2 AND run_id = $3"};

constexpr pg::Statement kLockRun{
    "lock_run",
    "SELECT " CRIER_RUN_COLUMNS
    " FROM workflow_runs WHERE community_id = $1 AND workflow_id = $2 AND run_id = $3 FOR UPDATE"};

constexpr pg::Statement kFindUnfinishedRun{
    "find_unfinished_run", "SELECT " CRIER_RUN_COLUMNS
                           " FROM workflow_runs WHERE community_id = $1 AND workflow_id = $2"
                           " AND state IN (1, 2)"};

constexpr pg::Statement kListRuns{
    "list_runs", "SELECT " CRIER_RUN_COLUMNS
                 " FROM workflow_runs WHERE community_id = $1 AND workflow_id = $2 AND run_id < $3"
                 " ORDER BY run_id DESC LIMIT $4"};

// Community, workflow, log partition, trigger, full scan, time. No row when one is unfinished.
constexpr pg::Statement kInsertRun{
    "insert_run",
    "INSERT INTO workflow_runs (community_id, workflow_id, log_partition, trigger, state,"
    " full_scan_wanted, ready_time, create_time) VALUES ($1, $2, $3, $4, 1, $5, $6, $6)"
    " ON CONFLICT (community_id, workflow_id) WHERE state IN (1, 2) DO NOTHING"
    " RETURNING " CRIER_RUN_COLUMNS};

constexpr pg::Statement kEndRun{
    "end_run",
    "UPDATE workflow_runs SET state = $4, error = $5, end_time = $6, hold = 0"
    " WHERE community_id = $1 AND workflow_id = $2 AND run_id = $3 AND state IN (1, 2)"
    " RETURNING " CRIER_RUN_COLUMNS};

constexpr pg::Statement kEndUnfinishedRun{
    "end_unfinished_run",
    "UPDATE workflow_runs SET state = 5, error = $3, end_time = $4, hold = 0"
    " WHERE community_id = $1 AND workflow_id = $2 AND state IN (1, 2)"};

constexpr pg::Statement kReleaseRun{
    "release_run",
    "UPDATE workflow_runs SET hold = 0, ready_time = $3"
    " WHERE community_id = $1 AND workflow_id = $2 AND state IN (1, 2) AND hold = 1"};

// What a run that begins again has found already, by its former criteria, counts as expected too.
constexpr pg::Statement kStartRun{
    "start_run",
    "UPDATE workflow_runs SET state = 2, filter = $4, evaluate_time = $5, changed_since = $6,"
    " head_time = $7, expected_count = matched_count + $8, start_time = $5, cursor_contact_id = 0,"
    " hold = 0, ready_time = $9, failures = 0, error = ''"
    " WHERE community_id = $1 AND workflow_id = $2 AND run_id = $3"};

constexpr pg::Statement kMoveRun{
    "move_run",
    "UPDATE workflow_runs SET cursor_contact_id = $4, matched_count = matched_count + $5,"
    " skipped_count = skipped_count + $6, hold = 0, failures = 0, error = ''"
    " WHERE community_id = $1 AND workflow_id = $2 AND run_id = $3"};

constexpr pg::Statement kCountSent{"count_sent",
                                   "UPDATE workflow_runs SET sent_count = sent_count + $4"
                                   " WHERE community_id = $1 AND workflow_id = $2 AND run_id = $3"};

constexpr pg::Statement kPostponeRun{
    "postpone_run",
    "UPDATE workflow_runs SET hold = $4, ready_time = $5, failures = $6, error = $7"
    " WHERE community_id = $1 AND workflow_id = $2 AND run_id = $3 AND state IN (1, 2)"};

// Runs, and pages that a run left behind when it was ended. A run that is not held is ready, and so
// is one whose hold lies further ahead than a hold of its kind can: whoever wrote the time had a
// clock that was ahead.
constexpr pg::Statement kFindReady{
    "find_ready",
    "(SELECT community_id, workflow_id, log_partition, least(ready_time, $2) FROM workflow_runs"
    " WHERE log_partition = ANY($1::int[]) AND state IN (1, 2) AND (ready_time <= $2 OR hold = 0"
    " OR hold = 1 AND ready_time > $2 + interval '25 hours'"
    " OR hold = 3 AND ready_time > $2 + interval '1 hour') ORDER BY 4 LIMIT $3)"
    " UNION ALL"
    " (SELECT community_id, workflow_id, log_partition, pending_time FROM run_ledgers l"
    " WHERE log_partition = ANY($1::int[]) AND pending_contacts IS NOT NULL AND NOT EXISTS"
    " (SELECT FROM workflow_runs r WHERE r.community_id = l.community_id"
    " AND r.workflow_id = l.workflow_id AND r.state IN (1, 2)) LIMIT $3)"
    " ORDER BY 4 LIMIT $3"};

// Workflow and ledger, for Load(); a deleted workflow may still have a page to hand over.
constexpr pg::Statement kLoadTask{
    "load_run_task",
    "SELECT w.version, w.filter, l.position, array_to_string(l.pending_contacts, ' '), "
    "l.pending_webhook_id,"
    " l.pending_display_name, l.pending_time, l.last_filter, l.last_head_time,"
    " coalesce(e.erasures, 0) FROM workflows w"
    " JOIN run_ledgers l USING (community_id, workflow_id)"
    " LEFT JOIN community_erasures e USING (community_id)"
    " WHERE w.community_id = $1 AND w.workflow_id = $2"};

// Lets nobody change the workflow until the end of the transaction; runs do not wait for each
// other.
constexpr pg::Statement kShareWorkflow{
    "share_workflow",
    "SELECT template, state, version, webhook_id, display_name, schedule_time_zone,"
    " schedule_hours, schedule_minutes, max_deliveries_per_day FROM workflows"
    " WHERE community_id = $1 AND workflow_id = $2 AND state <> 3 FOR SHARE"};

// Runs are begun and ended under this lock, taken before that of the run: so who has it and finds
// one unfinished in the way of another knows which, and nobody waits for one who waits for him.
constexpr pg::Statement kLockLedger{
    "lock_run_ledger",
    "SELECT position, array_to_string(pending_contacts, ' '), pending_run_id, cap_day, cap_count, "
    "log_partition"
    " FROM run_ledgers WHERE community_id = $1 AND workflow_id = $2 FOR UPDATE"};

constexpr pg::Statement kSetPending{
    "set_pending_page",
    "UPDATE run_ledgers SET pending_contacts = $3::bigint[], pending_run_id = $4,"
    " pending_webhook_id = $5, pending_display_name = $6, pending_time = $7, cap_day = $8,"
    " cap_count = $9 WHERE community_id = $1 AND workflow_id = $2"};

constexpr pg::Statement kClearPending{
    "clear_pending_page",
    "UPDATE run_ledgers SET position = $3, pending_contacts = NULL, pending_run_id = NULL,"
    " pending_webhook_id = NULL, pending_display_name = NULL, pending_time = NULL,"
    " pending_changed = false"
    " WHERE community_id = $1 AND workflow_id = $2"};

constexpr pg::Statement kMoveLedger{"move_run_ledger",
                                    "UPDATE run_ledgers SET position = $3, pending_changed = false"
                                    " WHERE community_id = $1 AND workflow_id = $2"};

constexpr pg::Statement kHalvePage{
    "halve_page",
    "UPDATE run_ledgers SET position = $3, pending_contacts = $4::bigint[], pending_changed = "
    "false,"
    " cap_count = greatest(cap_count - $5, 0) WHERE community_id = $1 AND workflow_id = $2"};

constexpr pg::Statement kUndecide{"undecide",
                                  "DELETE FROM sent_members WHERE community_id = $1"
                                  " AND workflow_id = $2 AND contact_id = ANY($3::bigint[])"};

constexpr pg::Statement kMoveRunBack{
    "move_run_back",
    "UPDATE workflow_runs SET cursor_contact_id = least(cursor_contact_id, $4),"
    " matched_count = matched_count - $5"
    " WHERE community_id = $1 AND workflow_id = $2 AND run_id = $3 AND state IN (1, 2)"};

constexpr pg::Statement kSetLastScan{"set_last_scan",
                                     "UPDATE run_ledgers SET last_filter = $3, last_head_time = $4"
                                     " WHERE community_id = $1 AND workflow_id = $2"};

// Opens the ledger of a workflow, or takes up the one that it has.
constexpr pg::Statement kOpenLedger{
    "open_run_ledger",
    "INSERT INTO run_ledgers (community_id, workflow_id, log_partition, next_slot)"
    " VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (community_id, workflow_id) DO UPDATE SET next_slot = excluded.next_slot,"
    " log_partition = excluded.log_partition"};

constexpr pg::Statement kSetSlot{
    "set_next_slot",
    "UPDATE run_ledgers SET next_slot = $3 WHERE community_id = $1 AND workflow_id = $2"};

constexpr pg::Statement kTakeSlot{
    "take_slot",
    "UPDATE run_ledgers SET next_slot = $4"
    " WHERE community_id = $1 AND workflow_id = $2 AND next_slot = $3 RETURNING log_partition"};

constexpr pg::Statement kFindDue{
    "find_due_slots",
    "SELECT w.community_id, w.workflow_id, w.schedule_time_zone, w.schedule_hours,"
    " w.schedule_minutes, l.next_slot FROM run_ledgers l"
    " JOIN workflows w USING (community_id, workflow_id)"
    " WHERE l.log_partition = ANY($1::int[]) AND w.state = 2"
    " AND (l.next_slot <= $2 OR l.next_slot > $3) ORDER BY l.next_slot LIMIT $4"};

constexpr pg::Statement kPruneRuns{
    "prune_runs",
    "DELETE FROM workflow_runs WHERE (community_id, workflow_id, run_id) IN"
    " (SELECT community_id, workflow_id, run_id FROM workflow_runs"
    " WHERE end_time < $2 AND log_partition = ANY($1::int[]) LIMIT $3)"};

// What deleted workflows leave in the ledger, once their last page is handed over.
constexpr pg::Statement kFindClosedLedger{
    "find_closed_ledger",
    "SELECT l.community_id, l.workflow_id FROM run_ledgers l"
    " JOIN workflows w USING (community_id, workflow_id)"
    " WHERE l.log_partition = ANY($1::int[]) AND w.state = 3 AND l.pending_contacts IS NULL"
    " LIMIT 1"};

constexpr pg::Statement kPruneSentMembers{
    "prune_sent_members",
    "DELETE FROM sent_members WHERE community_id = $1 AND contact_id IN"
    " (SELECT contact_id FROM sent_members WHERE community_id = $1 AND workflow_id = $2 LIMIT $3)"
    " AND workflow_id = $2"};

constexpr pg::Statement kDropLedger{
    "drop_run_ledger", "DELETE FROM run_ledgers WHERE community_id = $1 AND workflow_id = $2"};

constexpr pg::Statement kPruneCaps{"prune_caps", "DELETE FROM event_caps WHERE day < $1"};
constexpr pg::Statement kPruneCapDays{"prune_cap_days",
                                      "DELETE FROM event_cap_days WHERE day < $1"};

constexpr pg::Statement kPrunePaces{"prune_paces",
                                    "DELETE FROM community_paces WHERE full_time < $1"};

constexpr pg::Statement kPruneGoneContacts{"prune_gone_contacts",
                                           "DELETE FROM gone_contacts WHERE gone_time < $1"};

#undef CRIER_RUN_COLUMNS

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_RUN_SQL_H_
