#include "services/evaluator/storage/cap_store.h"

#include <algorithm>
#include <utility>

#include "common/status/macros.h"
#include "services/evaluator/domain/limits/event_pace.h"
#include "services/evaluator/domain/workflows/daily_schedule.h"
#include "services/evaluator/storage/cap_sql.h"
#include "services/evaluator/storage/run_rows.h"

namespace crier::evaluator::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// When the first day began that may be filled.
absl::Time FirstDay(const CappedMatches& matches) {
  absl::Time first = absl::InfiniteFuture();
  for (const CappedMatches::Match& match : matches.matches) first = std::min(first, match.day);
  return first;
}

absl::StatusOr<CapLedger> LockCap(Transaction& transaction, const CappedMatches& matches) {
  const WorkflowId& id = matches.workflow;
  RETURN_IF_ERROR(transaction.Execute(kOpenCap, KeyOf(id)).status());
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLockCap, KeyOf(id)));
  CapLedger ledger;
  ledger.day = rows[0].Time(0);
  ledger.through_position = rows[0].Int64(1);
  ASSIGN_OR_RETURN(const Rows recent, transaction.Execute(kRecentOfCap, KeyOf(id)));
  for (const Rows::Row row : recent) ledger.recent[row.Int64(0)] = row.Time(1);
  ASSIGN_OR_RETURN(const Rows days,
                   transaction.Execute(kCapDays, KeyOf(id).Add(FirstDay(matches))));
  for (const Rows::Row row : days) ledger.days[row.Time(0)] = {row.Int64(1), row.Int64(2)};
  return ledger;
}

absl::Status StoreCap(Transaction& transaction, const WorkflowId& id, const CapLedger& before,
                      const CapLedger& after) {
  std::vector<int64_t> positions;
  std::vector<absl::Time> times;
  for (const auto& [position, time] : after.recent) {
    positions.push_back(position);
    times.push_back(time);
  }
  RETURN_IF_ERROR(transaction
                      .Execute(kStoreCap, KeyOf(id)
                                              .Add(after.day)
                                              .Add(after.through_position)
                                              .AddArray(positions)
                                              .AddArray(times))
                      .status());
  std::vector<absl::Time> days;
  std::vector<int64_t> released, suppressed;
  for (const auto& [begin, day] : after.days) {
    const auto known = before.days.find(begin);
    const CapLedger::Day was = known == before.days.end() ? CapLedger::Day() : known->second;
    if (day == was) continue;
    days.push_back(begin);
    released.push_back(day.released - was.released);
    suppressed.push_back(day.suppressed - was.suppressed);
  }
  return transaction
      .Execute(kAddToCapDays, KeyOf(id).AddArray(days).AddArray(released).AddArray(suppressed))
      .status();
}

absl::StatusOr<std::vector<absl::Time>> CountOne(Transaction& transaction,
                                                 const CappedMatches& matches, int64_t confirmed,
                                                 absl::Duration spacing) {
  ASSIGN_OR_RETURN(const CapLedger before, LockCap(transaction, matches));
  CapLedger after = before;
  std::vector<absl::Time> due_times = BookMatches(matches, confirmed, spacing, after);
  RETURN_IF_ERROR(StoreCap(transaction, matches.workflow, before, after));
  return due_times;
}

ReleaseStatus ReadStatus(const Rows::Row& row, absl::Time now) {
  ReleaseStatus status;
  const bool has_runs = HasRuns(static_cast<Template>(row.Int32(1)));
  const DayBounds today = LocalDay(row.Text(2), now);
  const int64_t cap = row.Int64(3);
  status.next_run_time = row.OptionalTime(4);
  if (has_runs && row.OptionalTime(5) == today.begin) status.released_today = row.Int64(6);
  if (!row.IsNull(7)) status.last_scan = {row.Text(7), row.OptionalTime(8)};
  if (!has_runs && row.OptionalTime(9) == today.begin) {
    status.released_today = row.Int64(10);
    status.suppressed_today = row.Int64(11);
  }
  if (!has_runs) status.held = row.Int64(13);
  if (cap > 0 && status.released_today >= cap) status.capped_until = today.end;
  // A bucket is full a second after the last one that had to wait.
  const std::optional<absl::Time> full_time = row.OptionalTime(12);
  if (!has_runs && full_time && *full_time - absl::Seconds(1) > now) {
    status.paced_until = *full_time - absl::Seconds(1);
  }
  return status;
}

}  // namespace

absl::StatusOr<std::vector<std::vector<absl::Time>>> PgCapStore::Count(
    const std::vector<CappedMatches>& matches, int64_t confirmed, absl::Duration spacing,
    absl::Time deadline) {
  using DueTimes = std::vector<std::vector<absl::Time>>;
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<DueTimes> {
    DueTimes due_times;
    for (const CappedMatches& one : matches) {
      ASSIGN_OR_RETURN(std::vector<absl::Time> times,
                       CountOne(transaction, one, confirmed, spacing));
      due_times.push_back(std::move(times));
    }
    return due_times;
  });
}

absl::StatusOr<std::map<int64_t, ReleaseStatus>> PgCapStore::Get(
    int64_t community, const std::vector<int64_t>& workflows, absl::Time now, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows,
                   pool_.Read(deadline, kReleaseStatus,
                              Params().Add(community).AddArray(workflows).Add(now).Add(
                                  now + kMaxClockDifference)));
  std::map<int64_t, ReleaseStatus> statuses;
  for (const Rows::Row row : rows) statuses[row.Int64(0)] = ReadStatus(row, now);
  return statuses;
}

}  // namespace crier::evaluator::storage
