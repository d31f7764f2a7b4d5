#include "services/delivery/domain/intake/enqueuer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/log/log.h"
#include "common/status/macros.h"

namespace crier::delivery {
namespace {

using WebhookSet = absl::flat_hash_set<WebhookId, WebhookIdHash>;

WebhookSet Targets(const std::vector<EnqueueRequest>& requests) {
  WebhookSet targets;
  for (const EnqueueRequest& request : requests) {
    for (const EnqueueRequest::Message& message : request.messages) {
      for (const EnqueueRequest::Target& target : message.targets) targets.insert(target.webhook);
    }
  }
  return targets;
}

}  // namespace

Enqueuer::Enqueuer(IntakeStore& store, WebhookStore& webhooks, ShardScheduler& scheduler,
                   const Clock& clock, metrics::Registry& metrics)
    : store_(store),
      webhooks_(webhooks),
      scheduler_(scheduler),
      clock_(clock),
      ids_(clock),
      enqueued_(metrics.Counter("crier_delivery_enqueued_total", "Deliveries stored.")),
      dropped_(metrics.Counter("crier_delivery_dropped_total",
                               "Deliveries dropped because their webhook does not exist.")) {}

std::vector<absl::StatusOr<EnqueueResult>> Enqueuer::Enqueue(std::vector<EnqueueRequest> requests,
                                                             absl::Time deadline) {
  // A webhook that is deleted after this look leaves deliveries that the dispatcher cancels, one
  // that is paused such as it puts aside, and one that is enabled is looked at again.
  const absl::StatusOr<WebhookStates> webhooks = LookUp(Targets(requests), deadline);
  if (!webhooks.ok()) return {requests.size(), webhooks.status()};
  std::vector<absl::StatusOr<EnqueueResult>> results(requests.size(), EnqueueResult());
  std::vector<Intake> intakes;
  std::vector<LocalShare> shares;
  for (size_t i = 0; i < requests.size(); ++i) {
    intakes.push_back(MakeIntake(std::move(requests[i]), *webhooks, *results[i]));
    shares.push_back(TakeLocalShare(*webhooks, intakes.back()));
  }

  const std::vector<absl::Status> stored = Store(intakes, deadline);
  for (size_t i = 0; i < intakes.size(); ++i) {
    TellScheduler(shares[i], stored[i]);
    if (!stored[i].ok()) {
      results[i] = stored[i];
      continue;
    }
    AnnounceLate(shares[i], deadline);
    enqueued_.Increment(results[i]->enqueued);
    dropped_.Increment(results[i]->dropped);
  }
  return results;
}

absl::StatusOr<Enqueuer::WebhookStates> Enqueuer::LookUp(const WebhookSet& webhooks,
                                                         absl::Time deadline) {
  WebhookStates existing;
  if (webhooks.empty()) return existing;
  const std::vector<WebhookId> ids(webhooks.begin(), webhooks.end());
  ASSIGN_OR_RETURN(const std::vector<std::optional<WebhookState>> states,
                   webhooks_.States(ids, deadline));
  for (size_t i = 0; i < ids.size(); ++i) {
    if (states[i]) existing.emplace(ids[i], *states[i]);
  }
  return existing;
}

Intake Enqueuer::MakeIntake(EnqueueRequest request, const WebhookStates& webhooks,
                            EnqueueResult& result) {
  Intake intake;
  intake.producer = std::move(request.producer);
  intake.expected_position = request.expected_position;
  intake.next_position = request.next_position;
  intake.due_time = clock_.Now();
  intake.erasures = std::move(request.erasures);
  WebhookSet dropped;
  for (EnqueueRequest::Message& message : request.messages) {
    NewMessage added;
    for (EnqueueRequest::Target& target : message.targets) {
      if (!webhooks.contains(target.webhook)) {
        ++result.dropped;
        dropped.insert(target.webhook);
        continue;
      }
      ++result.enqueued;
      added.targets.push_back({{target.webhook, ids_.Next()}, std::move(target.workflow)});
      if (target.not_before > intake.due_time) added.targets.back().due_time = target.not_before;
    }
    if (added.targets.empty()) continue;
    added.snapshot_id = ids_.Next();
    added.event = std::move(message.event);
    added.event.bytes = Count(std::move(added.event.bytes));
    intake.messages.push_back(std::move(added));
  }
  result.dropped_webhooks.assign(dropped.begin(), dropped.end());
  return intake;
}

std::shared_ptr<const std::string> Enqueuer::Count(std::shared_ptr<const std::string> event) {
  *event_bytes_ += event->size();
  const std::string* const bytes = event.get();
  return {bytes, [event = std::move(event), total = event_bytes_](const std::string* last) {
            *total -= last->size();
          }};
}

Enqueuer::LocalShare Enqueuer::TakeLocalShare(const WebhookStates& webhooks, Intake& intake) {
  LocalShare share;
  WebhookSet held, elsewhere;
  for (const NewMessage& message : intake.messages) {
    const bool keep_content = *event_bytes_ <= kEventBytesInMemory;
    for (const NewMessage::Target& target : message.targets) {
      const WebhookId& webhook = target.id.webhook;
      if (webhooks.at(webhook) != WebhookState::kEnabled) {
        held.insert(webhook);
        continue;
      }
      QueuedDelivery delivery;
      delivery.id = target.id;
      delivery.due_time = target.due_time.value_or(intake.due_time);
      if (keep_content) delivery.content = DeliveryContent{message.event.bytes, target.workflow};
      // What is due later waits in the database: memory is for the near future.
      if (!target.due_time && scheduler_.Expect(delivery)) {
        share.expected.push_back(std::move(delivery));
      } else if (scheduler_.HoldsShard(ShardOf(webhook))) {
        const auto [earliest, added] = share.stored.try_emplace(webhook, delivery.due_time);
        if (!added) earliest->second = std::min(earliest->second, delivery.due_time);
      } else {
        elsewhere.insert(webhook);
      }
    }
  }
  share.held.assign(held.begin(), held.end());
  intake.announce.assign(elsewhere.begin(), elsewhere.end());
  return share;
}

std::vector<absl::Status> Enqueuer::Store(const std::vector<Intake>& intakes, absl::Time deadline) {
  const absl::StatusOr<std::vector<absl::Status>> stored = store_.Enqueue(intakes, deadline);
  if (stored.ok()) return *stored;
  const bool transient =
      absl::IsUnavailable(stored.status()) || absl::IsDeadlineExceeded(stored.status());
  if (transient || intakes.size() == 1) return {intakes.size(), stored.status()};
  // Nothing was stored because of one that the database does not take: the others are not to blame.
  std::vector<absl::Status> alone;
  for (const Intake& intake : intakes) alone.push_back(store_.Enqueue(intake, deadline));
  return alone;
}

void Enqueuer::TellScheduler(const LocalShare& share, const absl::Status& stored) {
  // Unless the producer stood elsewhere it may be stored despite an error: the database will tell.
  for (const QueuedDelivery& delivery : share.expected) {
    stored.ok() ? scheduler_.Offer(delivery) : scheduler_.ForgetExpected(delivery);
  }
  for (const auto& [webhook, due_time] : share.stored) scheduler_.NoteStored(webhook, due_time);
}

void Enqueuer::AnnounceLate(const LocalShare& share, absl::Time deadline) {
  WebhookSet late;
  for (const QueuedDelivery& delivery : share.expected) {
    const WebhookId& webhook = delivery.id.webhook;
    if (!scheduler_.HoldsShard(ShardOf(webhook))) late.insert(webhook);
  }
  for (const auto& [webhook, due_time] : share.stored) {
    if (!scheduler_.HoldsShard(ShardOf(webhook))) late.insert(webhook);
  }
  const absl::StatusOr<WebhookStates> held =
      LookUp({share.held.begin(), share.held.end()}, deadline);
  absl::Status status = held.status();
  if (held.ok()) {
    for (const auto& [webhook, state] : *held) {
      if (state == WebhookState::kEnabled) late.insert(webhook);
    }
  }
  if (!late.empty()) status.Update(store_.Announce({late.begin(), late.end()}, deadline));
  if (!status.ok()) {
    log::Warning(
        "deliveries may not have been announced; the next search of their shard finds them",
        {{"status", status}});
  }
}

}  // namespace crier::delivery
