#include "services/ingest/storage/log_writer.h"

#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "common/status/macros.h"
#include "services/ingest/storage/entity_store_sql.h"
#include "services/ingest/storage/log_channel.h"

namespace crier::ingest::storage {
namespace {

using pg::Params;
using pg::Transaction;

// What a row takes beside the event, at most.
constexpr size_t kEventRowOverhead = 128;

absl::StatusOr<pg::RowArray> ToRows(Transaction& transaction,
                                    const std::vector<LoggedEvent>& events) {
  ASSIGN_OR_RETURN(const pg::RowType type, transaction.FindRowType(kEventRow));
  pg::RowArray rows(type);
  size_t bytes = 0;
  for (const LoggedEvent& event : events) bytes += event.bytes.size() + kEventRowOverhead;
  rows.Reserve(bytes);
  for (const LoggedEvent& event : events) {
    rows.BeginRow(7);
    rows.Add(event.log_partition);
    rows.Add(event.position);
    rows.Add(event.accept_time);
    rows.Add(event.community);
    for (const std::optional<int64_t>& id : {event.subject, event.activity}) {
      if (id) {
        rows.Add(*id);
      } else {
        rows.AddNull(pg::ColumnType::kBigint);
      }
    }
    event.bytes.copy(rows.AddBytes(event.bytes.size()), event.bytes.size());
  }
  return rows;
}

}  // namespace

absl::StatusOr<Params> LogParams(Transaction& transaction, const std::vector<LoggedEvent>& events,
                                 const std::map<int32_t, Head>& heads, const std::string& channel) {
  std::vector<int32_t> partitions;
  std::vector<int64_t> positions, last_ids;
  std::vector<absl::Time> accept_times;
  for (const auto& [log_partition, head] : heads) {
    partitions.push_back(log_partition);
    positions.push_back(head.position);
    last_ids.push_back(head.last_id);
    accept_times.push_back(head.accept_time);
  }
  ASSIGN_OR_RETURN(pg::RowArray rows, ToRows(transaction, events));
  Params params;
  params.AddRows(std::move(rows))
      .AddArray(partitions)
      .AddArray(positions)
      .AddArray(last_ids)
      .AddArray(accept_times)
      .Add(channel)
      .Add(EncodeHeads(heads));
  return params;
}

absl::Status WriteLog(Transaction& transaction, const std::vector<LoggedEvent>& events,
                      const std::map<int32_t, Head>& heads, const std::string& channel) {
  ASSIGN_OR_RETURN(const Params params, LogParams(transaction, events, heads, channel));
  return transaction.Execute(WriteLogAlone(), params).status();
}

}  // namespace crier::ingest::storage
