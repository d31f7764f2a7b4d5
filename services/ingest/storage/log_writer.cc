#include "services/ingest/storage/log_writer.h"

#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "services/ingest/storage/entity_store_sql.h"
#include "services/ingest/storage/log_channel.h"

namespace crier::ingest::storage {
namespace {

using pg::Params;
using pg::Transaction;

// The contact that an event tells of, 0 for an organization's; nothing when there is nothing to
// erase.
std::optional<int64_t> SubjectOf(const entity::v1::Event& event) {
  if (event.has_organization()) return 0;
  const entity::v1::Contact* const contact = event.has_contact()    ? &event.contact()
                                             : event.has_activity() ? &event.activity().contact()
                                                                    : nullptr;
  if (contact == nullptr) return std::nullopt;
  const auto name = api::ParseResource("name", api::kContacts, contact->name());
  return name.ok() ? name->id : 0;
}

absl::Status WriteEvents(Transaction& transaction, const std::vector<entity::v1::Event>& events) {
  if (events.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const pg::RowType type, transaction.FindRowType(kEventRow));
  pg::RowArray rows(type);
  for (const auto& event : events) {
    rows.BeginRow(6);
    rows.Add(event.log_partition());
    rows.Add(event.position());
    rows.Add(api::FromProto(event.accept_time()));
    rows.Add(event.community_id());
    if (const std::optional<int64_t> subject = SubjectOf(event)) {
      rows.Add(*subject);
    } else {
      rows.AddNull(pg::ColumnType::kBigint);
    }
    AddMessage(event, rows);
  }
  return transaction.Execute(kAppendEvents, Params().AddRows(std::move(rows))).status();
}

absl::Status WriteHeads(Transaction& transaction, const std::map<int32_t, Head>& heads,
                        const std::string& channel) {
  std::vector<int32_t> partitions;
  std::vector<int64_t> positions, last_ids;
  std::vector<absl::Time> accept_times;
  for (const auto& [log_partition, head] : heads) {
    partitions.push_back(log_partition);
    positions.push_back(head.position);
    last_ids.push_back(head.last_id);
    accept_times.push_back(head.accept_time);
  }
  RETURN_IF_ERROR(transaction
                      .Execute(kMoveHeads, Params()
                                               .AddArray(partitions)
                                               .AddArray(positions)
                                               .AddArray(last_ids)
                                               .AddArray(accept_times))
                      .status());
  return transaction.Execute(kNotify, Params().Add(channel).Add(EncodeHeads(heads))).status();
}

}  // namespace

absl::Status WriteLog(Transaction& transaction, const std::vector<entity::v1::Event>& events,
                      const std::map<int32_t, Head>& heads, const std::string& channel) {
  if (heads.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(WriteEvents(transaction, events));
  return WriteHeads(transaction, heads, channel);
}

void AddMessage(const google::protobuf::MessageLite& message, pg::RowArray& row) {
  const size_t size = message.ByteSizeLong();
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(row.AddBytes(size)));
}

}  // namespace crier::ingest::storage
