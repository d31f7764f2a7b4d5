#include "services/evaluator/storage/run_rows.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/storage/run_sql.h"

namespace crier::evaluator::storage {

using pg::Rows;

// The numbers of the enums are those of the tables.
Run ReadRun(const Rows::Row& row) {
  Run run;
  run.id = {{row.Int64(0), row.Int64(1)}, row.Int64(2)};
  run.trigger = static_cast<RunTrigger>(row.Int32(3));
  run.state = static_cast<RunState>(row.Int32(4));
  run.full_scan_wanted = row.Bool(5);
  run.scope.filter = row.Text(6);
  run.scope.evaluate_time = row.OptionalTime(7).value_or(absl::Time());
  run.scope.changed_since = row.OptionalTime(8);
  run.scope.head_time = row.OptionalTime(9);
  run.cursor = row.Int64(10);
  run.expected_count = row.OptionalInt64(11);
  run.matched_count = row.Int64(12);
  run.sent_count = row.Int64(13);
  run.skipped_count = row.Int64(14);
  run.hold = static_cast<RunHold>(row.Int32(15));
  if (run.hold != RunHold::kNone) run.hold_until = row.Time(16);
  run.failures = row.Int32(17);
  run.error = row.Text(18);
  run.create_time = row.Time(19);
  run.start_time = row.OptionalTime(20);
  run.end_time = row.OptionalTime(21);
  return run;
}

std::vector<int64_t> ReadIds(absl::string_view text) {
  std::vector<int64_t> ids;
  for (const absl::string_view part : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    int64_t id = 0;
    if (absl::SimpleAtoi(part, &id)) ids.push_back(id);
  }
  return ids;
}

ContactSet ReadContacts(const Rows& rows) {
  ContactSet contacts;
  contacts.reserve(rows.size());
  for (const Rows::Row row : rows) contacts.insert(row.Int64(0));
  return contacts;
}

absl::StatusOr<Run> InsertRun(pg::Transaction& transaction, const WorkflowId& id,
                              int32_t log_partition, RunTrigger trigger, bool full_scan,
                              absl::Time now) {
  ASSIGN_OR_RETURN(
      const Rows inserted,
      transaction.Execute(
          kInsertRun,
          KeyOf(id).Add(log_partition).Add(static_cast<int32_t>(trigger)).Add(full_scan).Add(now)));
  if (!inserted.empty()) return ReadRun(inserted[0]);
  ASSIGN_OR_RETURN(const Rows unfinished, transaction.Execute(kFindUnfinishedRun, KeyOf(id)));
  if (unfinished.empty()) return absl::InternalError("a run ended without the lock of its ledger");
  return RunUnfinishedError(ReadRun(unfinished[0]).id);
}

}  // namespace crier::evaluator::storage
