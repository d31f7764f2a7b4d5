#include "services/ingest/storage/log_readers.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "common/pg/transaction.h"
#include "common/status/macros.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/storage/log_readers_sql.h"

namespace crier::ingest::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

absl::StatusOr<std::vector<LogReader>> LoadAll(Transaction& transaction) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kListReaders));
  std::vector<LogReader> readers;
  for (const Rows::Row row : rows) {
    if (readers.empty() || readers.back().id != row.Text(0)) {
      readers.push_back({row.Text(0), row.Time(1), row.Time(2), {}});
    }
    readers.back().positions.push_back({row.Int32(3), row.Int64(4)});
  }
  return readers;
}

// That no position lies beyond its head.
absl::Status CheckPositions(Transaction& transaction, const std::vector<LogHead>& positions,
                            const std::vector<int32_t>& partitions) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kHeadsOf, Params().AddArray(partitions)));
  std::map<int32_t, int64_t> heads;
  for (const Rows::Row row : rows) heads[row.Int32(0)] = row.Int64(1);
  for (size_t i = 0; i < positions.size(); ++i) {
    const auto head = heads.find(positions[i].log_partition);
    const std::string field = absl::StrCat("positions[", i, "].");
    if (head == heads.end()) return UnknownLogPartitionError(absl::StrCat(field, "log_partition"));
    if (positions[i].position > head->second) {
      return PositionBeyondHeadError(absl::StrCat(field, "position"), head->second);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LogReader> PgLogReaders::Register(const std::string& id, bool from_beginning,
                                                 absl::Time now, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<LogReader> {
    ASSIGN_OR_RETURN(
        const Rows added,
        transaction.Execute(kRegisterReader, Params().Add(id).Add(now).Add(kMaxLogReaders)));
    if (added.affected() > 0) {
      RETURN_IF_ERROR(
          transaction.Execute(kPlaceReader, Params().Add(id).Add(from_beginning)).status());
    }
    ASSIGN_OR_RETURN(const std::vector<LogReader> readers, LoadAll(transaction));
    for (const LogReader& reader : readers) {
      if (reader.id == id) return reader;
    }
    return TooManyLogReadersError();
  });
}

absl::Status PgLogReaders::Confirm(const std::string& id, const std::vector<LogHead>& positions,
                                   absl::Time now, absl::Time deadline) {
  std::vector<int32_t> partitions;
  std::vector<int64_t> numbers;
  for (const LogHead& position : positions) {
    partitions.push_back(position.log_partition);
    numbers.push_back(position.position);
  }
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const Rows touched,
                     transaction.Execute(kTouchReader, Params().Add(id).Add(now)));
    if (touched.affected() == 0) return LogReaderNotFoundError();
    RETURN_IF_ERROR(CheckPositions(transaction, positions, partitions));
    return transaction
        .Execute(kConfirmPositions, Params().Add(id).AddArray(partitions).AddArray(numbers))
        .status();
  });
}

absl::StatusOr<std::vector<LogReader>> PgLogReaders::List(absl::Time deadline) {
  return pool_.Read(deadline, [&](Transaction& transaction) { return LoadAll(transaction); });
}

absl::Status PgLogReaders::Remove(const std::string& id, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const Rows removed, transaction.Execute(kRemoveReader, Params().Add(id)));
    return removed.affected() > 0 ? absl::OkStatus() : LogReaderNotFoundError();
  });
}

absl::StatusOr<std::vector<ReaderLag>> PgLogReaders::Lags(absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kReaderLags));
  std::vector<ReaderLag> lags;
  for (const Rows::Row row : rows) {
    lags.push_back({row.Text(0), row.Int64(1), row.OptionalTime(2)});
  }
  return lags;
}

absl::StatusOr<bool> IsConfirmedByAll(Transaction& transaction, const std::string& partition) {
  ASSIGN_OR_RETURN(
      const Rows rows,
      transaction.ExecuteDynamic(absl::StrCat(
          "SELECT NOT EXISTS (SELECT FROM log_reader_positions p WHERE p.position < (SELECT"
          " max(e.position) FROM ",
          partition, " e WHERE e.log_partition = p.log_partition))")));
  return rows[0].Bool(0);
}

}  // namespace crier::ingest::storage
