#include "services/evaluator/storage/run_transition.h"

#include "common/status/macros.h"
#include "services/evaluator/domain/workflows/daily_schedule.h"
#include "services/evaluator/storage/run_rows.h"
#include "services/evaluator/storage/run_sql.h"

namespace crier::evaluator::storage {
namespace {

using pg::Transaction;

absl::Status Enable(Transaction& transaction, const Workflow& workflow, int32_t log_partition) {
  const absl::Time now = workflow.update_time;
  RETURN_IF_ERROR(
      transaction
          .Execute(kOpenLedger,
                   KeyOf(workflow.id).Add(log_partition).Add(NextSlot(workflow.schedule, now)))
          .status());
  return transaction
      .Execute(kInsertRun, KeyOf(workflow.id)
                               .Add(log_partition)
                               .Add(static_cast<int32_t>(RunTrigger::kEnable))
                               .Add(false)
                               .Add(now))
      .status();
}

absl::Status Disable(Transaction& transaction, const Workflow& workflow) {
  RETURN_IF_ERROR(transaction.Execute(kSetSlot, KeyOf(workflow.id).AddNull()).status());
  const char* const reason =
      workflow.state == State::kDeleted ? "the workflow was deleted" : "the workflow was disabled";
  return transaction
      .Execute(kEndUnfinishedRun, KeyOf(workflow.id).Add(reason).Add(workflow.update_time))
      .status();
}

}  // namespace

absl::Status StoreRunTransition(Transaction& transaction, const Workflow& before,
                                const Workflow& after, int32_t log_partition) {
  if (!HasRuns(after.workflow_template)) return absl::OkStatus();
  const bool was_enabled = before.state == State::kEnabled;
  const bool is_enabled = after.state == State::kEnabled;
  if (is_enabled && !was_enabled) return Enable(transaction, after, log_partition);
  if (was_enabled && !is_enabled) return Disable(transaction, after);
  if (!is_enabled) return absl::OkStatus();
  // Whatever held the unfinished run may be over.
  RETURN_IF_ERROR(
      transaction.Execute(kReleaseRun, KeyOf(after.id).Add(after.update_time)).status());
  if (before.schedule == after.schedule) return absl::OkStatus();
  return transaction
      .Execute(kSetSlot, KeyOf(after.id).Add(NextSlot(after.schedule, after.update_time)))
      .status();
}

}  // namespace crier::evaluator::storage
