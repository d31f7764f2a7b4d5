#include "services/ingest/storage/event_log.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/pg/transaction.h"
#include "common/status/macros.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/storage/event_log_sql.h"
#include "services/ingest/storage/log_readers.h"

namespace crier::ingest::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

absl::Status NotKept(Transaction& transaction, int32_t log_partition, int64_t after_position,
                     int64_t head) {
  ASSIGN_OR_RETURN(
      const Rows rows,
      transaction.Execute(kFirstKeptPosition, Params().Add(log_partition).Add(after_position)));
  return PositionNotKeptError(rows[0].OptionalInt64(0).value_or(head + 1));
}

absl::StatusOr<LogRead> ReadOnce(Transaction& transaction, int32_t log_partition,
                                 int64_t after_position, const ReadLimits& limits) {
  // The statement adds to the position, so it gets one that leaves room; no log comes that far.
  const int64_t begin =
      std::min(after_position, std::numeric_limits<int64_t>::max() - limits.max_events);
  ASSIGN_OR_RETURN(
      const Rows rows,
      transaction.Execute(
          kReadEvents,
          Params().Add(log_partition).Add(begin).Add(limits.max_events).Add(limits.max_bytes)));
  if (rows.empty()) return UnknownLogPartitionError("log_partition");
  LogRead read;
  read.head = rows[0].Int64(0);
  if (after_position > read.head) return PositionBeyondHeadError("after_position", read.head);
  if (after_position == read.head) return read;
  read.events.reserve(rows.size());
  int64_t last = after_position;
  for (const Rows::Row row : rows) {
    // Positions have no gaps: what is missing has been dropped.
    if (row.OptionalInt64(1) != last + 1) {
      return NotKept(transaction, log_partition, last, read.head);
    }
    read.events.push_back(row.Bytes(2));
    ++last;
  }
  return read;
}

}  // namespace

absl::StatusOr<LogRead> PgEventLog::Read(int32_t log_partition, int64_t after_position,
                                         const ReadLimits& limits, absl::Time deadline) {
  return pool_.Read(deadline, [&](Transaction& transaction) {
    return ReadOnce(transaction, log_partition, after_position, limits);
  });
}

absl::StatusOr<std::vector<LogHead>> PgEventLog::Heads(absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kListHeads));
  if (rows.empty()) return DatabaseUnavailableError();
  std::vector<LogHead> heads;
  for (const Rows::Row row : rows) {
    heads.push_back({row.Int32(0), row.Int64(1), row.OptionalTime(2)});
  }
  return heads;
}

pg::TimePartitionedTable EventTable(absl::Duration retention) {
  return {"events", pg::TimePartitionedTable::Key::kTimestamp, retention, IsConfirmedByAll};
}

}  // namespace crier::ingest::storage
