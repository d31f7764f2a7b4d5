#include "services/delivery/storage/intake_store.h"

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "services/delivery/domain/errors.h"
#include "services/delivery/domain/shard.h"
#include "services/delivery/storage/delivery_sql.h"
#include "services/delivery/storage/erasure_sql.h"
#include "services/delivery/storage/queue_notices.h"

namespace crier::delivery::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

absl::StatusOr<int64_t> Position(Transaction& transaction, absl::string_view producer) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kGetProducer, Params().Add(producer)));
  return rows.empty() ? 0 : rows[0].Int64(0);
}

absl::Status MoveProducer(Transaction& transaction, const Intake& intake) {
  ASSIGN_OR_RETURN(
      Rows moved,
      transaction.Execute(
          kMoveProducer,
          Params().Add(intake.producer).Add(intake.expected_position).Add(intake.next_position)));
  if (moved.empty() && intake.expected_position == 0) {
    ASSIGN_OR_RETURN(moved,
                     transaction.Execute(kStartProducer,
                                         Params().Add(intake.producer).Add(intake.next_position)));
  }
  if (!moved.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int64_t actual, Position(transaction, intake.producer));
  return PositionMismatchError(actual);
}

// The contact whose data an event holds; nothing for those of organizations.
std::optional<int64_t> ContactOf(const entity::v1::Event& event) {
  if (!event.has_contact() && !event.has_activity()) return std::nullopt;
  const std::string& name =
      event.has_contact() ? event.contact().name() : event.activity().contact().name();
  const absl::StatusOr<api::ResourceId> id = api::ParseResource("name", api::kContacts, name);
  return id.ok() ? std::make_optional(id->id) : std::nullopt;
}

// The rows of an intake as columns, made once however often the transaction is repeated.
struct Columns {
  struct {
    std::vector<int64_t> communities;
    std::vector<std::string> ids;
    std::vector<std::string> events;
  } snapshots;

  std::vector<int64_t> communities;
  std::vector<int64_t> webhooks;
  std::vector<std::string> deliveries;
  std::vector<int32_t> shards;
  std::vector<std::string> snapshot_ids;
  std::vector<int64_t> workflows;
  std::vector<std::string> workflow_names;
  std::vector<int32_t> kinds;
  std::vector<absl::Time> accept_times;
  std::vector<std::optional<int64_t>> contacts;
  std::vector<std::optional<absl::Time>> later;  // up to the last one that is due later

  explicit Columns(const Intake& intake) {
    for (const NewMessage& message : intake.messages) {
      snapshots.communities.push_back(message.event->community_id());
      snapshots.ids.push_back(message.snapshot_id.ToUuid());
      snapshots.events.push_back(message.event->SerializeAsString());
      for (const NewMessage::Target& target : message.targets) Add(message, target);
    }
  }

 private:
  void Add(const NewMessage& message, const NewMessage::Target& target) {
    const WebhookId& webhook = target.id.webhook;
    communities.push_back(webhook.community);
    webhooks.push_back(webhook.id);
    deliveries.push_back(target.id.message.ToUuid());
    shards.push_back(ShardOf(webhook));
    snapshot_ids.push_back(snapshots.ids.back());
    workflows.push_back(target.workflow.id);
    workflow_names.push_back(target.workflow.display_name);
    kinds.push_back(message.event->kind());
    accept_times.push_back(api::FromProto(message.event->accept_time()));
    contacts.push_back(ContactOf(*message.event));
    if (!target.due_time) return;
    later.resize(deliveries.size());
    later.back() = target.due_time;
  }
};

absl::Status Insert(Transaction& transaction, const Columns& columns, absl::Time due_time) {
  RETURN_IF_ERROR(transaction
                      .Execute(kInsertSnapshots, Params()
                                                     .AddArray(columns.snapshots.communities)
                                                     .AddArray(columns.snapshots.ids)
                                                     .AddBytesArray(columns.snapshots.events))
                      .status());
  RETURN_IF_ERROR(transaction
                      .Execute(kInsertDeliveries, Params()
                                                      .AddArray(columns.communities)
                                                      .AddArray(columns.webhooks)
                                                      .AddArray(columns.deliveries)
                                                      .AddArray(columns.snapshot_ids)
                                                      .AddArray(columns.workflows)
                                                      .AddArray(columns.workflow_names)
                                                      .AddArray(columns.kinds)
                                                      .AddArray(columns.accept_times)
                                                      .AddArray(columns.contacts))
                      .status());
  return transaction
      .Execute(kInsertQueue, Params()
                                 .AddArray(columns.communities)
                                 .AddArray(columns.webhooks)
                                 .AddArray(columns.deliveries)
                                 .AddArray(columns.shards)
                                 .Add(due_time)
                                 .AddArray(columns.later))
      .status();
}

absl::Status RecordErasures(Transaction& transaction, const std::vector<Erasure>& erasures) {
  std::set<std::pair<int64_t, int64_t>> distinct;  // a statement takes each row once
  for (const Erasure& erasure : erasures) distinct.insert({erasure.community, erasure.contact});
  std::vector<int64_t> communities, contacts;
  for (const auto& [community, contact] : distinct) {
    communities.push_back(community);
    contacts.push_back(contact);
  }
  return transaction.Execute(kRecordErasures, Params().AddArray(communities).AddArray(contacts))
      .status();
}

}  // namespace

absl::Status PgIntakeStore::Enqueue(const Intake& intake, absl::Time deadline) {
  const Columns columns(intake);
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(MoveProducer(transaction, intake));
    if (!intake.messages.empty()) {
      RETURN_IF_ERROR(Insert(transaction, columns, intake.due_time));
    }
    if (!intake.erasures.empty()) {
      RETURN_IF_ERROR(RecordErasures(transaction, intake.erasures));
    }
    return NotifyQueue(transaction, pool_.database().schema, intake.announce);
  });
}

absl::Status PgIntakeStore::Announce(const std::vector<WebhookId>& webhooks, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) {
    return NotifyQueue(transaction, pool_.database().schema, webhooks);
  });
}

absl::StatusOr<int64_t> PgIntakeStore::ProducerPosition(absl::string_view producer,
                                                        absl::Time deadline) {
  int64_t position = 0;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(position, Position(transaction, producer));
    return absl::OkStatus();
  }));
  return position;
}

}  // namespace crier::delivery::storage
