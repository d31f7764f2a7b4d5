#include "services/delivery/storage/delivery_log.h"

#include <utility>

#include "common/pg/transaction.h"
#include "common/status/macros.h"
#include "services/delivery/storage/delivery_sql.h"
#include "services/delivery/storage/exchange_codec.h"

namespace crier::delivery::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// Sorts after every id.
constexpr char kLastUuid[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

// A delivery that is neither queued nor finished by its last attempt was cancelled: there is no
// other way off the queue.
DeliveryState StateWithoutAttempts(const DeliveryRecord& record) {
  return record.next_attempt_time ? DeliveryState::kPending : DeliveryState::kCancelled;
}

DeliveryState StateAfter(const DeliveryRecord& record, DeliveryState last_attempt) {
  return last_attempt == DeliveryState::kPending ? StateWithoutAttempts(record) : last_attempt;
}

DeliveryRecord ReadDelivery(const WebhookId& webhook, const MessageId& id, const Rows::Row& row) {
  DeliveryRecord record;
  record.id = {webhook, id};
  record.workflow_id = row.Int64(1);
  record.event_kind = static_cast<entity::v1::Event::Kind>(row.Int32(2));
  record.event_accept_time = row.Time(3);
  record.next_attempt_time = row.OptionalTime(4);
  record.erased = row.Bool(9);
  record.state = StateWithoutAttempts(record);
  return record;
}

// Rows of kGetDelivery and kListDeliveries.
absl::StatusOr<std::vector<DeliveryRecord>> ReadDeliveries(const WebhookId& webhook,
                                                           const Rows& rows) {
  std::vector<DeliveryRecord> records;
  for (const Rows::Row row : rows) {
    ASSIGN_OR_RETURN(const MessageId id, MessageId::FromUuid(row.Text(0)));
    if (records.empty() || records.back().id.message != id) {
      records.push_back(ReadDelivery(webhook, id, row));
    }
    if (row.IsNull(5)) continue;
    DeliveryRecord& record = records.back();
    ASSIGN_OR_RETURN(Exchange exchange, DecodeExchange(row.Bytes(7), row.Bytes(8)));
    record.attempts.push_back({row.Int32(5), std::move(exchange)});
    record.state = StateAfter(record, static_cast<DeliveryState>(row.Int32(6)));
  }
  return records;
}

}  // namespace

absl::StatusOr<std::optional<DeliveryRecord>> PgDeliveryLog::Get(const DeliveryId& id,
                                                                 absl::Time deadline) {
  std::vector<DeliveryRecord> found;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(
        const Rows rows,
        transaction.Execute(
            kGetDelivery,
            Params().Add(id.webhook.community).Add(id.webhook.id).Add(id.message.ToUuid())));
    ASSIGN_OR_RETURN(found, ReadDeliveries(id.webhook, rows));
    return absl::OkStatus();
  }));
  if (found.empty()) return std::optional<DeliveryRecord>();
  return std::optional<DeliveryRecord>(std::move(found.front()));
}

absl::StatusOr<std::vector<DeliveryRecord>> PgDeliveryLog::List(
    const WebhookId& webhook, const std::optional<MessageId>& before, int limit,
    absl::Time deadline) {
  std::vector<DeliveryRecord> found;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(
        const Rows rows,
        transaction.Execute(kListDeliveries, Params()
                                                 .Add(webhook.community)
                                                 .Add(webhook.id)
                                                 .Add(before ? before->ToUuid() : kLastUuid)
                                                 .Add(limit)));
    ASSIGN_OR_RETURN(found, ReadDeliveries(webhook, rows));
    return absl::OkStatus();
  }));
  return found;
}

}  // namespace crier::delivery::storage
