#include "services/evaluator/storage/page_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/pg/lease_store.h"
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

absl::Status CheckLease(Transaction& transaction, const Fence& fence) {
  ASSIGN_OR_RETURN(const std::vector<lease::Lease> held,
                   pg::LockLeases(transaction, fence.owner, {fence.lease}));
  return held.empty() ? LeaseLostError() : absl::OkStatus();
}

// A workflow that is enabled and unchanged, held so until the end of the transaction.
struct SharedWorkflow {
  Destination destination;
  std::string time_zone;
  int64_t max_per_day = 0;
};

// Nothing when it is not what the task says.
absl::StatusOr<std::optional<SharedWorkflow>> ShareWorkflow(Transaction& transaction,
                                                            const RunTask& task) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kShareWorkflow, KeyOf(task.workflow)));
  std::optional<SharedWorkflow> workflow;
  if (rows.empty() || static_cast<State>(rows[0].Int32(1)) != State::kEnabled ||
      rows[0].Int64(2) != task.workflow_version) {
    return workflow;
  }
  workflow.emplace();
  workflow->destination = {rows[0].Int64(3), rows[0].Text(4)};
  workflow->time_zone = rows[0].Text(5);
  workflow->max_per_day = rows[0].Int64(8);
  return workflow;
}

// Whether the run of the task is unfinished and where the task says; nobody moves it then.
absl::StatusOr<bool> LockRun(Transaction& transaction, const RunTask& task) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLockRun, KeyOf(task.run->id)));
  return !rows.empty() && !IsFinished(ReadRun(rows[0]).state) &&
         ReadRun(rows[0]).cursor == task.run->cursor;
}

struct Ledger {
  int64_t position = 0;
  std::optional<std::vector<int64_t>> pending;
  std::optional<int64_t> pending_run;
  std::optional<absl::Time> cap_day;
  int64_t cap_count = 0;
};

absl::StatusOr<Ledger> LockLedger(Transaction& transaction, const WorkflowId& id) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLockLedger, KeyOf(id)));
  if (rows.empty()) return absl::InternalError("a run without a ledger");
  const Rows::Row row = rows[0];
  Ledger ledger;
  ledger.position = row.Int64(0);
  if (!row.IsNull(1)) ledger.pending = ReadIds(row.Text(1));
  ledger.pending_run = row.OptionalInt64(2);
  ledger.cap_day = row.OptionalTime(3);
  ledger.cap_count = row.Int64(4);
  return ledger;
}

// What the day of `now` has seen and allows.
struct DailyCap {
  DayBounds day;
  int64_t count = 0;  // decided today
  int64_t left = 0;
};

DailyCap CapOf(const SharedWorkflow& workflow, const Ledger& ledger, absl::Time now) {
  DailyCap cap;
  cap.day = LocalDay(workflow.time_zone, now);
  cap.count = ledger.cap_day == cap.day.begin ? ledger.cap_count : 0;
  cap.left = workflow.max_per_day == 0 ? std::numeric_limits<int64_t>::max()
                                       : std::max<int64_t>(0, workflow.max_per_day - cap.count);
  return cap;
}

absl::StatusOr<PageDecision> DecideOn(Transaction& transaction, const RunTask& task,
                                      const std::vector<Candidate>& candidates, int64_t allowance) {
  const int64_t community = task.workflow.community;
  std::vector<int64_t> contacts;
  std::vector<int64_t> parts;
  for (const Candidate& candidate : candidates) {
    contacts.push_back(candidate.contact);
    parts.push_back(candidate.contact);
    parts.insert(parts.end(), candidate.merged.begin(), candidate.merged.end());
  }
  ASSIGN_OR_RETURN(const Rows gone,
                   transaction.Execute(kFindGone, Params().Add(community).AddArray(contacts)));
  ASSIGN_OR_RETURN(const Rows sent,
                   transaction.Execute(
                       kFindSent, Params().Add(community).AddArray(parts).Add(task.workflow.id)));
  return DecidePage(candidates, task.run->cursor, ReadContacts(sent), ReadContacts(gone),
                    allowance);
}

absl::Status InsertSent(Transaction& transaction, const WorkflowId& id,
                        const PageDecision& decision) {
  std::vector<int64_t> members = decision.send;
  members.insert(members.end(), decision.carried.begin(), decision.carried.end());
  if (members.empty()) return absl::OkStatus();
  return transaction.Execute(kInsertSent, KeyOf(id).AddArray(members)).status();
}

absl::Status StoreDecision(Transaction& transaction, const RunTask& task, const DecidedPage& page,
                           const DailyCap& cap, absl::Time now) {
  const PageDecision& decision = page.decision;
  RETURN_IF_ERROR(InsertSent(transaction, task.workflow, decision));
  if (!decision.send.empty()) {
    const auto count = static_cast<int64_t>(decision.send.size());
    RETURN_IF_ERROR(transaction
                        .Execute(kSetPending, KeyOf(task.workflow)
                                                  .AddArray(decision.send)
                                                  .Add(task.run->id.id)
                                                  .Add(page.destination.webhook)
                                                  .Add(page.destination.display_name)
                                                  .Add(now)
                                                  .Add(cap.day.begin)
                                                  .Add(cap.count + count))
                        .status());
  }
  return transaction
      .Execute(kMoveRun,
               KeyOf(task.run->id).Add(decision.cursor).Add(decision.matched).Add(decision.skipped))
      .status();
}

absl::StatusOr<bool> ErasedSince(Transaction& transaction, const RunTask& task) {
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kErasures, Params().Add(task.workflow.community)));
  return (rows.empty() ? 0 : rows[0].Int64(0)) != task.erasures;
}

absl::StatusOr<DecidedPage> DecideIn(Transaction& transaction, const Fence& fence,
                                     const RunTask& task, const std::vector<Candidate>& candidates,
                                     int64_t allowance, absl::Time now) {
  using Outcome = DecidedPage::Outcome;
  DecidedPage page;
  RETURN_IF_ERROR(CheckLease(transaction, fence));
  // Merges and deletions come before this decision, which sees them, or after it, and see its page.
  RETURN_IF_ERROR(
      transaction.Execute(kShareMembers, Params().Add(task.workflow.community)).status());
  ASSIGN_OR_RETURN(const bool erased, ErasedSince(transaction, task));
  ASSIGN_OR_RETURN(const std::optional<SharedWorkflow> workflow, ShareWorkflow(transaction, task));
  if (!workflow || erased) {
    page.outcome = Outcome::kStale;
    return page;
  }
  ASSIGN_OR_RETURN(const bool unfinished, LockRun(transaction, task));
  if (!unfinished) {
    page.outcome = Outcome::kEnded;
    return page;
  }
  ASSIGN_OR_RETURN(const Ledger ledger, LockLedger(transaction, task.workflow));
  if (ledger.pending || ledger.position != task.position) {
    return absl::AbortedError("another replica works on the run");
  }
  const DailyCap cap = CapOf(*workflow, ledger, now);
  ASSIGN_OR_RETURN(page.decision,
                   DecideOn(transaction, task, candidates, std::min(allowance, cap.left)));
  if (page.decision.cut && cap.left <= allowance) page.capped_until = cap.day.end;
  page.destination = workflow->destination;
  RETURN_IF_ERROR(StoreDecision(transaction, task, page, cap, now));
  return page;
}

absl::StatusOr<RunTask> LoadIn(Transaction& transaction, const WorkflowId& id) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLoadTask, KeyOf(id)));
  if (rows.empty()) return WorkflowNotFoundError(id);
  const Rows::Row row = rows[0];
  RunTask task;
  task.workflow = id;
  task.workflow_version = row.Int64(0);
  task.filter = row.Text(1);
  task.position = row.Int64(2);
  if (!row.IsNull(3)) {
    task.pending = {ReadIds(row.Text(3)), {row.Int64(4), row.Text(5)}, row.Time(6)};
  }
  if (!row.IsNull(7)) task.last_scan = {row.Text(7), row.OptionalTime(8)};
  task.erasures = row.Int64(9);
  ASSIGN_OR_RETURN(const Rows runs, transaction.Execute(kFindUnfinishedRun, KeyOf(id)));
  if (!runs.empty()) task.run = ReadRun(runs[0]);
  return task;
}

absl::StatusOr<bool> StartIn(Transaction& transaction, const RunTask& task, const RunScope& scope,
                             std::optional<int64_t> expected_count, absl::Time now) {
  ASSIGN_OR_RETURN(const std::optional<SharedWorkflow> workflow, ShareWorkflow(transaction, task));
  if (!workflow) return false;
  ASSIGN_OR_RETURN(const bool unfinished, LockRun(transaction, task));
  if (!unfinished) return false;
  RETURN_IF_ERROR(transaction
                      .Execute(kStartRun, KeyOf(task.run->id)
                                              .Add(scope.filter)
                                              .Add(scope.evaluate_time)
                                              .Add(scope.changed_since)
                                              .Add(scope.head_time)
                                              .Add(expected_count)
                                              .Add(now))
                      .status());
  return true;
}

absl::Status SettleIn(Transaction& transaction, const RunTask& task, int64_t standing) {
  ASSIGN_OR_RETURN(const Ledger ledger, LockLedger(transaction, task.workflow));
  if (!ledger.pending || ledger.position != task.position) {
    return absl::AbortedError("another replica works on the run");
  }
  if (standing != task.position + 1) {
    return transaction.Execute(kMoveLedger, KeyOf(task.workflow).Add(standing)).status();
  }
  RETURN_IF_ERROR(transaction.Execute(kClearPending, KeyOf(task.workflow).Add(standing)).status());
  if (!ledger.pending_run) return absl::OkStatus();
  return transaction
      .Execute(kCountSent, KeyOf(RunId{task.workflow, *ledger.pending_run})
                               .Add(static_cast<int64_t>(ledger.pending->size())))
      .status();
}

absl::Status HalveIn(Transaction& transaction, const RunTask& task, int64_t standing) {
  // Merges ask the ledger and change the page; they come before this, or after it.
  RETURN_IF_ERROR(
      transaction.Execute(kShareMembers, Params().Add(task.workflow.community)).status());
  ASSIGN_OR_RETURN(const Ledger ledger, LockLedger(transaction, task.workflow));
  if (!ledger.pending || ledger.position != task.position) {
    return absl::AbortedError("another replica works on the run");
  }
  const auto middle = ledger.pending->begin() + (ledger.pending->size() + 1) / 2;
  const std::vector<int64_t> kept(ledger.pending->begin(), middle);
  const std::vector<int64_t> undecided(middle, ledger.pending->end());
  const auto count = static_cast<int64_t>(undecided.size());
  RETURN_IF_ERROR(
      transaction.Execute(kHalvePage, KeyOf(task.workflow).Add(standing).AddArray(kept).Add(count))
          .status());
  RETURN_IF_ERROR(
      transaction.Execute(kUndecide, KeyOf(task.workflow).AddArray(undecided)).status());
  if (!ledger.pending_run || kept.empty()) return absl::OkStatus();
  return transaction
      .Execute(kMoveRunBack,
               KeyOf(RunId{task.workflow, *ledger.pending_run}).Add(kept.back()).Add(count))
      .status();
}

absl::Status FinishIn(Transaction& transaction, const RunTask& task, RunState state,
                      const std::string& error, absl::Time now) {
  RETURN_IF_ERROR(transaction.Execute(kLockLedger, KeyOf(task.workflow)).status());
  ASSIGN_OR_RETURN(
      const Rows ended,
      transaction.Execute(
          kEndRun, KeyOf(task.run->id).Add(static_cast<int32_t>(state)).Add(error).Add(now)));
  if (ended.empty() || state != RunState::kSucceeded) return absl::OkStatus();
  const RunScope scope = ReadRun(ended[0]).scope;
  return transaction
      .Execute(kSetLastScan, KeyOf(task.workflow).Add(scope.filter).Add(scope.head_time))
      .status();
}

}  // namespace

absl::StatusOr<std::vector<PageStore::Ready>> PgPageStore::FindReady(
    const std::vector<int32_t>& partitions, absl::Time now, int limit, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kFindReady,
                                               Params().AddArray(partitions).Add(now).Add(limit)));
  std::vector<Ready> ready;
  for (const Rows::Row row : rows) {
    ready.push_back({{row.Int64(0), row.Int64(1)}, row.Int32(2)});
  }
  return ready;
}

absl::StatusOr<RunTask> PgPageStore::Load(const WorkflowId& id, absl::Time deadline) {
  return pool_.Read(deadline, [&](Transaction& transaction) { return LoadIn(transaction, id); });
}

absl::StatusOr<bool> PgPageStore::Start(const Fence& fence, const RunTask& task,
                                        const RunScope& scope,
                                        std::optional<int64_t> expected_count, absl::Time now,
                                        absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(CheckLease(transaction, fence));
    return StartIn(transaction, task, scope, expected_count, now);
  });
}

absl::StatusOr<DecidedPage> PgPageStore::Decide(const Fence& fence, const RunTask& task,
                                                const std::vector<Candidate>& candidates,
                                                int64_t allowance, absl::Time now,
                                                absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) {
    return DecideIn(transaction, fence, task, candidates, allowance, now);
  });
}

absl::Status PgPageStore::Settle(const Fence& fence, const RunTask& task, int64_t standing,
                                 absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(CheckLease(transaction, fence));
    return SettleIn(transaction, task, standing);
  });
}

absl::Status PgPageStore::Halve(const Fence& fence, const RunTask& task, int64_t standing,
                                absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) {
    RETURN_IF_ERROR(CheckLease(transaction, fence));
    return HalveIn(transaction, task, standing);
  });
}

absl::StatusOr<ContactSet> PgPageStore::Sent(const WorkflowId& id,
                                             const std::vector<int64_t>& contacts,
                                             absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<ContactSet> {
    RETURN_IF_ERROR(transaction.Execute(kAskByIndex).status());
    ASSIGN_OR_RETURN(
        const Rows rows,
        transaction.Execute(kFindSent, Params().Add(id.community).AddArray(contacts).Add(id.id)));
    return ReadContacts(rows);
  });
}

absl::Status PgPageStore::Postpone(const Fence& fence, const RunTask& task,
                                   const Postponement& postponement, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(CheckLease(transaction, fence));
    return transaction
        .Execute(kPostponeRun, KeyOf(task.run->id)
                                   .Add(static_cast<int32_t>(postponement.hold))
                                   .Add(postponement.until)
                                   .Add(postponement.failures)
                                   .Add(postponement.error))
        .status();
  });
}

absl::Status PgPageStore::Finish(const Fence& fence, const RunTask& task, RunState state,
                                 const std::string& error, absl::Time now, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(CheckLease(transaction, fence));
    return FinishIn(transaction, task, state, error, now);
  });
}

}  // namespace crier::evaluator::storage
