#include "services/evaluator/storage/cap_store.h"

#include <utility>

#include "common/status/macros.h"
#include "services/evaluator/domain/daily_schedule.h"
#include "services/evaluator/storage/cap_sql.h"
#include "services/evaluator/storage/run_rows.h"

namespace crier::evaluator::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// Returns the positions to suppress.
absl::StatusOr<std::vector<int64_t>> CountOne(Transaction& transaction,
                                              const CappedMatches& matches, int64_t confirmed) {
  const Params key = KeyOf(matches.workflow).Add(matches.day);
  RETURN_IF_ERROR(transaction.Execute(kOpenDay, key).status());
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLockDay, key));
  CappedDay day;
  day.released = rows[0].Int64(0);
  day.suppressed = rows[0].Int64(1);
  day.through_position = rows[0].Int64(2);
  day.suppressed_positions = ReadIds(rows[0].Text(3));
  std::vector<int64_t> suppress = CountMatches(matches, confirmed, day);
  RETURN_IF_ERROR(transaction
                      .Execute(kStoreDay, KeyOf(matches.workflow)
                                              .Add(matches.day)
                                              .Add(day.released)
                                              .Add(day.suppressed)
                                              .Add(day.through_position)
                                              .AddArray(day.suppressed_positions))
                      .status());
  return suppress;
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
  if (cap > 0 && status.released_today >= cap) status.capped_until = today.end;
  return status;
}

}  // namespace

absl::StatusOr<std::vector<std::vector<int64_t>>> PgCapStore::Count(
    const std::vector<CappedMatches>& matches, int64_t confirmed, absl::Time deadline) {
  std::vector<std::vector<int64_t>> suppress;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    suppress.clear();
    for (const CappedMatches& one : matches) {
      ASSIGN_OR_RETURN(std::vector<int64_t> positions, CountOne(transaction, one, confirmed));
      suppress.push_back(std::move(positions));
    }
    return absl::OkStatus();
  }));
  return suppress;
}

absl::StatusOr<std::map<int64_t, ReleaseStatus>> PgCapStore::Get(
    int64_t community, const std::vector<int64_t>& workflows, absl::Time now, absl::Time deadline) {
  std::map<int64_t, ReleaseStatus> statuses;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    statuses.clear();
    ASSIGN_OR_RETURN(
        const Rows rows,
        transaction.Execute(kReleaseStatus, Params().Add(community).AddArray(workflows).Add(now)));
    for (const Rows::Row row : rows) statuses[row.Int64(0)] = ReadStatus(row, now);
    return absl::OkStatus();
  }));
  return statuses;
}

}  // namespace crier::evaluator::storage
