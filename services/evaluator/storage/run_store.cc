#include "services/evaluator/storage/run_store.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/domain/workflows/daily_schedule.h"
#include "services/evaluator/storage/member_sql.h"
#include "services/evaluator/storage/run_rows.h"
#include "services/evaluator/storage/run_sql.h"

namespace crier::evaluator::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// Rows that one call of Prune() removes of each kind.
constexpr int kPruneAtOnce = 2'000;
// How long a contact that is gone is remembered: longer than a page can wait for its decision.
constexpr absl::Duration kRememberGone = absl::Hours(24);
// How long the day of a cap is remembered: longer than evaluation can lag.
constexpr absl::Duration kRememberCaps = absl::Hours(24 * 60);
// How long it is remembered that a community was over its rate: as long as clocks may be apart.
constexpr absl::Duration kRememberPaces = absl::Hours(24);

absl::StatusOr<Run> BeginIn(Transaction& transaction, const WorkflowId& id, RunTrigger trigger,
                            bool full_scan, absl::Time now) {
  ASSIGN_OR_RETURN(const Rows workflow, transaction.Execute(kShareWorkflow, KeyOf(id)));
  if (workflow.empty()) return WorkflowNotFoundError(id);
  if (!HasRuns(static_cast<Template>(workflow[0].Int32(0)))) return WorkflowHasNoRunsError();
  if (static_cast<State>(workflow[0].Int32(1)) != State::kEnabled) return WorkflowDisabledError();
  ASSIGN_OR_RETURN(const Rows ledger, transaction.Execute(kLockLedger, KeyOf(id)));
  if (ledger.empty()) return absl::InternalError("an enabled workflow has no ledger");
  return InsertRun(transaction, id, ledger[0].Int32(5), trigger, full_scan, now);
}

absl::StatusOr<Run> CancelIn(Transaction& transaction, const RunId& id, absl::Time now) {
  RETURN_IF_ERROR(transaction.Execute(kLockLedger, KeyOf(id.workflow)).status());
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLockRun, KeyOf(id)));
  if (rows.empty()) return RunNotFoundError(id);
  Run run = ReadRun(rows[0]);
  if (run.state == RunState::kCancelled) return run;
  if (IsFinished(run.state)) return RunFinishedError(id);
  ASSIGN_OR_RETURN(const Rows ended,
                   transaction.Execute(kEndRun, KeyOf(id)
                                                    .Add(static_cast<int32_t>(RunState::kCancelled))
                                                    .Add("cancelled by a call")
                                                    .Add(now)));
  return ReadRun(ended[0]);
}

absl::Status TakeIn(Transaction& transaction, const ScheduledWorkflow& workflow, const DueSlot& due,
                    absl::Time now) {
  ASSIGN_OR_RETURN(
      const Rows taken,
      transaction.Execute(kTakeSlot, KeyOf(workflow.id).Add(workflow.next_slot).Add(due.next)));
  if (taken.empty() || !due.run) return absl::OkStatus();
  return transaction
      .Execute(kInsertRun, KeyOf(workflow.id)
                               .Add(taken[0].Int32(0))
                               .Add(static_cast<int32_t>(RunTrigger::kSchedule))
                               .Add(false)
                               .Add(now))
      .status();
}

// Whether there may be more.
absl::StatusOr<bool> PruneLedger(Transaction& transaction, const std::vector<int32_t>& partitions) {
  ASSIGN_OR_RETURN(const Rows closed,
                   transaction.Execute(kFindClosedLedger, Params().AddArray(partitions)));
  if (closed.empty()) return false;
  const WorkflowId id = {closed[0].Int64(0), closed[0].Int64(1)};
  ASSIGN_OR_RETURN(const Rows members,
                   transaction.Execute(kPruneSentMembers, KeyOf(id).Add(kPruneAtOnce)));
  if (members.affected() < kPruneAtOnce) {
    RETURN_IF_ERROR(transaction.Execute(kDropLedger, KeyOf(id)).status());
  }
  return true;
}

}  // namespace

absl::StatusOr<Run> PgRunStore::Begin(const WorkflowId& id, RunTrigger trigger, bool full_scan,
                                      absl::Time now, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) {
    return BeginIn(transaction, id, trigger, full_scan, now);
  });
}

absl::StatusOr<Run> PgRunStore::Get(const RunId& id, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kGetRun, KeyOf(id)));
  if (rows.empty()) return RunNotFoundError(id);
  return ReadRun(rows[0]);
}

absl::StatusOr<std::vector<Run>> PgRunStore::List(const WorkflowId& id, int64_t before, int limit,
                                                  absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<std::vector<Run>> {
    std::vector<Run> page;
    ASSIGN_OR_RETURN(const Rows rows,
                     transaction.Execute(kListRuns, KeyOf(id).Add(before).Add(limit)));
    for (const Rows::Row row : rows) page.push_back(ReadRun(row));
    if (!page.empty()) return page;
    ASSIGN_OR_RETURN(const Rows workflow, transaction.Execute(kShareWorkflow, KeyOf(id)));
    if (workflow.empty()) return WorkflowNotFoundError(id);
    return page;
  });
}

absl::StatusOr<Run> PgRunStore::Cancel(const RunId& id, absl::Time now, absl::Time deadline) {
  return pool_.Run(deadline,
                   [&](Transaction& transaction) { return CancelIn(transaction, id, now); });
}

absl::StatusOr<std::vector<ScheduledWorkflow>> PgRunStore::Due(
    const std::vector<int32_t>& partitions, absl::Time now, int limit, absl::Time deadline) {
  ASSIGN_OR_RETURN(
      const Rows rows,
      pool_.Read(deadline, kFindDue,
                 Params().AddArray(partitions).Add(now).Add(now + kLongestDay).Add(limit)));
  std::vector<ScheduledWorkflow> due;
  for (const Rows::Row row : rows) {
    due.push_back(
        {{row.Int64(0), row.Int64(1)}, {row.Text(2), row.Int32(3), row.Int32(4)}, row.Time(5)});
  }
  return due;
}

absl::Status PgRunStore::TakeSlot(const ScheduledWorkflow& workflow, const DueSlot& due,
                                  absl::Time now, absl::Time deadline) {
  return pool_.Run(
      deadline, [&](Transaction& transaction) { return TakeIn(transaction, workflow, due, now); });
}

absl::StatusOr<bool> PgRunStore::Prune(const std::vector<int32_t>& partitions,
                                       absl::Time ended_before, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(
        const Rows runs,
        transaction.Execute(kPruneRuns,
                            Params().AddArray(partitions).Add(ended_before).Add(kPruneAtOnce)));
    RETURN_IF_ERROR(
        transaction.Execute(kPruneGoneContacts, Params().Add(absl::Now() - kRememberGone))
            .status());
    RETURN_IF_ERROR(
        transaction.Execute(kPruneCaps, Params().Add(absl::Now() - kRememberCaps)).status());
    RETURN_IF_ERROR(
        transaction.Execute(kPruneCapDays, Params().Add(absl::Now() - kRememberCaps)).status());
    RETURN_IF_ERROR(
        transaction.Execute(kPrunePaces, Params().Add(absl::Now() - kRememberPaces)).status());
    ASSIGN_OR_RETURN(const bool more_members, PruneLedger(transaction, partitions));
    return more_members || runs.affected() == kPruneAtOnce;
  });
}

}  // namespace crier::evaluator::storage
