#include "services/delivery/storage/delivery_rows.h"

#include <utility>

#include "common/status/macros.h"
#include "services/delivery/domain/queue/shard.h"
#include "services/delivery/storage/delivery_sql.h"

namespace crier::delivery::storage {

using pg::Params;

void AddKey(const DeliveryId& id, pg::RowArray& row) {
  row.Add(id.webhook.community);
  row.Add(id.webhook.id);
  row.AddUuid(id.message.bytes());
}

absl::StatusOr<DeliveryRows> DeliveryRows::Create(pg::Transaction& transaction) {
  ASSIGN_OR_RETURN(const pg::RowType snapshot, transaction.FindRowType("snapshot_row"));
  ASSIGN_OR_RETURN(const pg::RowType delivery, transaction.FindRowType("delivery_row"));
  ASSIGN_OR_RETURN(const pg::RowType queue, transaction.FindRowType("queue_row"));
  return DeliveryRows(snapshot, delivery, queue);
}

void DeliveryRows::AddSnapshot(int64_t community, const MessageId& id, absl::string_view event) {
  snapshots_.BeginRow(3);
  snapshots_.Add(community);
  snapshots_.AddUuid(id.bytes());
  event.copy(snapshots_.AddBytes(event.size()), event.size());
}

void DeliveryRows::AddDelivery(const NewDelivery& delivery) {
  empty_ = false;
  deliveries_.BeginRow(9);
  AddKey(delivery.id, deliveries_);
  deliveries_.AddUuid(delivery.snapshot_id.bytes());
  deliveries_.Add(delivery.workflow.id);
  deliveries_.AddText(delivery.workflow.display_name);
  deliveries_.Add(static_cast<int16_t>(delivery.kind));
  deliveries_.Add(delivery.event_time);
  if (delivery.contact) {
    deliveries_.Add(*delivery.contact);
  } else {
    deliveries_.AddNull(pg::ColumnType::kBigint);
  }
  queue_.BeginRow(5);
  AddKey(delivery.id, queue_);
  queue_.Add(ShardOf(delivery.id.webhook));
  queue_.Add(delivery.due_time);
}

absl::Status DeliveryRows::Insert(pg::Transaction& transaction) && {
  RETURN_IF_ERROR(
      transaction.Execute(kInsertSnapshots, Params().AddRows(std::move(snapshots_))).status());
  RETURN_IF_ERROR(
      transaction.Execute(kInsertDeliveries, Params().AddRows(std::move(deliveries_))).status());
  return transaction.Execute(kInsertQueue, Params().AddRows(std::move(queue_))).status();
}

}  // namespace crier::delivery::storage
