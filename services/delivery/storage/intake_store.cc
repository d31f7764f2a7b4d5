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

// The producers that a statement has moved, into `moved`.
absl::Status NoteMoved(const absl::StatusOr<Rows>& rows, std::set<std::string>& moved) {
  RETURN_IF_ERROR(rows.status());
  for (const Rows::Row row : *rows) moved.insert(row.Text(0));
  return absl::OkStatus();
}

// What became of each producer, in order.
absl::StatusOr<std::vector<absl::Status>> MoveProducers(Transaction& transaction,
                                                        absl::Span<const Intake> intakes) {
  std::vector<std::string> producers;
  std::vector<int64_t> expected, next;
  for (const Intake& intake : intakes) {
    producers.push_back(intake.producer);
    expected.push_back(intake.expected_position);
    next.push_back(intake.next_position);
  }
  std::set<std::string> moved;
  RETURN_IF_ERROR(
      NoteMoved(transaction.Execute(kMoveProducers,
                                    Params().AddArray(producers).AddArray(expected).AddArray(next)),
                moved));

  std::vector<std::string> new_producers;
  std::vector<int64_t> positions;
  for (const Intake& intake : intakes) {
    if (intake.expected_position != 0 || moved.count(intake.producer) > 0) continue;
    new_producers.push_back(intake.producer);
    positions.push_back(intake.next_position);
  }
  if (!new_producers.empty()) {
    RETURN_IF_ERROR(NoteMoved(
        transaction.Execute(kStartProducers, Params().AddArray(new_producers).AddArray(positions)),
        moved));
  }

  std::vector<absl::Status> results(intakes.size());
  for (size_t i = 0; i < intakes.size(); ++i) {
    if (moved.count(intakes[i].producer) > 0) continue;
    ASSIGN_OR_RETURN(const int64_t actual, Position(transaction, intakes[i].producer));
    results[i] = PositionMismatchError(actual);
  }
  return results;
}

// The contact whose data an event holds; nothing for those of organizations.
std::optional<int64_t> ContactOf(const entity::v1::Event& event) {
  if (!event.has_contact() && !event.has_activity()) return std::nullopt;
  const std::string& name =
      event.has_contact() ? event.contact().name() : event.activity().contact().name();
  const absl::StatusOr<api::ResourceId> id = api::ParseResource("name", api::kContacts, name);
  return id.ok() ? std::make_optional(id->id) : std::nullopt;
}

// The rows of intakes as columns.
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
  std::vector<absl::Time> due_times;

  std::set<std::pair<int64_t, int64_t>> erasures;  // a statement takes each row once
  std::vector<WebhookId> announce;

  void Add(const Intake& intake) {
    for (const NewMessage& message : intake.messages) {
      snapshots.communities.push_back(message.event->community_id());
      snapshots.ids.push_back(message.snapshot_id.ToUuid());
      snapshots.events.push_back(message.event->SerializeAsString());
      for (const NewMessage::Target& target : message.targets) {
        Add(message, target);
        due_times.push_back(target.due_time.value_or(intake.due_time));
      }
    }
    for (const Erasure& erasure : intake.erasures) {
      erasures.insert({erasure.community, erasure.contact});
    }
    announce.insert(announce.end(), intake.announce.begin(), intake.announce.end());
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
  }
};

absl::Status InsertDeliveries(Transaction& transaction, const Columns& columns) {
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
                                 .AddArray(columns.due_times))
      .status();
}

absl::Status RecordErasures(Transaction& transaction, const Columns& columns) {
  std::vector<int64_t> communities, contacts;
  for (const auto& [community, contact] : columns.erasures) {
    communities.push_back(community);
    contacts.push_back(contact);
  }
  return transaction.Execute(kRecordErasures, Params().AddArray(communities).AddArray(contacts))
      .status();
}

}  // namespace

absl::StatusOr<std::vector<absl::Status>> PgIntakeStore::Enqueue(absl::Span<const Intake> intakes,
                                                                 absl::Time deadline) {
  std::vector<absl::Status> results;
  RETURN_IF_ERROR(pool_.Run(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(results, MoveProducers(transaction, intakes));
    Columns columns;
    for (size_t i = 0; i < intakes.size(); ++i) {
      if (results[i].ok()) columns.Add(intakes[i]);
    }
    if (!columns.deliveries.empty()) RETURN_IF_ERROR(InsertDeliveries(transaction, columns));
    if (!columns.erasures.empty()) RETURN_IF_ERROR(RecordErasures(transaction, columns));
    return NotifyQueue(transaction, pool_.database().schema, columns.announce);
  }));
  return results;
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
