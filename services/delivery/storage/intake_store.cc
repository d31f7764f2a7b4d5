#include "services/delivery/storage/intake_store.h"

#include <set>
#include <utility>
#include <vector>

#include "common/status/macros.h"
#include "services/delivery/domain/errors.h"
#include "services/delivery/storage/delivery_rows.h"
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

// The messages of an intake as rows.
void AddMessages(const Intake& intake, DeliveryRows& rows) {
  for (const NewMessage& message : intake.messages) {
    const int64_t community = message.targets.front().id.webhook.community;
    rows.AddSnapshot(community, message.snapshot_id, *message.event.bytes);
    NewDelivery delivery;
    delivery.snapshot_id = message.snapshot_id;
    delivery.kind = message.event.kind;
    delivery.event_time = message.event.accept_time;
    delivery.contact = message.event.contact;
    for (const NewMessage::Target& target : message.targets) {
      delivery.id = target.id;
      delivery.workflow = target.workflow;
      delivery.due_time = target.due_time.value_or(intake.due_time);
      rows.AddDelivery(delivery);
    }
  }
}

absl::Status RecordErasures(Transaction& transaction, const std::set<Erasure>& erasures) {
  if (erasures.empty()) return absl::OkStatus();
  std::vector<int64_t> communities, contacts, activities;
  for (const Erasure& erasure : erasures) {
    communities.push_back(erasure.community);
    contacts.push_back(erasure.contact);
    activities.push_back(erasure.activity);
  }
  return transaction
      .Execute(kRecordErasures,
               Params().AddArray(communities).AddArray(contacts).AddArray(activities))
      .status();
}

}  // namespace

absl::StatusOr<std::vector<absl::Status>> PgIntakeStore::Enqueue(absl::Span<const Intake> intakes,
                                                                 absl::Time deadline) {
  using Results = std::vector<absl::Status>;
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<Results> {
    ASSIGN_OR_RETURN(Results results, MoveProducers(transaction, intakes));
    ASSIGN_OR_RETURN(DeliveryRows rows, DeliveryRows::Create(transaction));
    std::set<Erasure> erasures;  // a statement takes each row once
    std::vector<WebhookId> announce;
    for (size_t i = 0; i < intakes.size(); ++i) {
      if (!results[i].ok()) continue;
      AddMessages(intakes[i], rows);
      erasures.insert(intakes[i].erasures.begin(), intakes[i].erasures.end());
      announce.insert(announce.end(), intakes[i].announce.begin(), intakes[i].announce.end());
    }
    if (!rows.empty()) RETURN_IF_ERROR(std::move(rows).Insert(transaction));
    RETURN_IF_ERROR(RecordErasures(transaction, erasures));
    RETURN_IF_ERROR(NotifyQueue(transaction, pool_.database().schema, announce));
    return results;
  });
}

absl::Status PgIntakeStore::Announce(const std::vector<WebhookId>& webhooks, absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) {
    return NotifyQueue(transaction, pool_.database().schema, webhooks);
  });
}

absl::StatusOr<int64_t> PgIntakeStore::ProducerPosition(absl::string_view producer,
                                                        absl::Time deadline) {
  return pool_.Read(deadline,
                    [&](Transaction& transaction) { return Position(transaction, producer); });
}

}  // namespace crier::delivery::storage
