#include "services/delivery/domain/enqueuer.h"

#include <utility>

#include "common/log/log.h"
#include "common/status/macros.h"

namespace crier::delivery {
namespace {

using WebhookSet = absl::flat_hash_set<WebhookId, WebhookIdHash>;

absl::StatusOr<WebhookSet> ExistingWebhooks(WebhookStore& store, const EnqueueRequest& request,
                                            absl::Time deadline) {
  WebhookSet wanted;
  for (const EnqueueRequest::Message& message : request.messages) {
    for (const EnqueueRequest::Target& target : message.targets) wanted.insert(target.webhook);
  }
  WebhookSet existing;
  if (wanted.empty()) return existing;
  const std::vector<WebhookId> ids(wanted.begin(), wanted.end());
  ASSIGN_OR_RETURN(const std::vector<int64_t> versions, store.Versions(ids, deadline));
  for (size_t i = 0; i < ids.size(); ++i) {
    if (versions[i] != 0) existing.insert(ids[i]);
  }
  return existing;
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

absl::StatusOr<EnqueueResult> Enqueuer::Enqueue(EnqueueRequest request, absl::Time deadline) {
  // A webhook that is deleted after this look leaves deliveries that the dispatcher cancels.
  ASSIGN_OR_RETURN(const WebhookSet webhooks, ExistingWebhooks(webhooks_, request, deadline));
  EnqueueResult result;
  Intake intake = MakeIntake(std::move(request), webhooks, result);
  const LocalShare share = TakeLocalShare(intake);

  const absl::Status status = store_.Enqueue(intake, deadline);
  if (!status.ok()) {
    // Unless the producer stood elsewhere it may be stored all the same: the database will tell.
    for (const QueuedDelivery& delivery : share.expected) scheduler_.ForgetExpected(delivery);
    for (const WebhookId& webhook : share.stored) scheduler_.NoteStored(webhook, intake.due_time);
    return status;
  }
  for (const QueuedDelivery& delivery : share.expected) scheduler_.Offer(delivery);
  for (const WebhookId& webhook : share.stored) scheduler_.NoteStored(webhook, intake.due_time);
  AnnounceLost(share, deadline);
  enqueued_.Increment(result.enqueued);
  dropped_.Increment(result.dropped);
  return result;
}

Intake Enqueuer::MakeIntake(EnqueueRequest request, const WebhookSet& webhooks,
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
    }
    if (added.targets.empty()) continue;
    added.snapshot_id = ids_.Next();
    added.event = Share(std::move(message.event));
    intake.messages.push_back(std::move(added));
  }
  result.dropped_webhooks.assign(dropped.begin(), dropped.end());
  return intake;
}

Enqueuer::LocalShare Enqueuer::TakeLocalShare(Intake& intake) {
  LocalShare share;
  WebhookSet stored;
  WebhookSet elsewhere;
  for (const NewMessage& message : intake.messages) {
    const bool keep_content = *event_bytes_ <= kEventBytesInMemory;
    for (const NewMessage::Target& target : message.targets) {
      QueuedDelivery delivery;
      delivery.id = target.id;
      delivery.due_time = intake.due_time;
      if (keep_content) delivery.content = DeliveryContent{message.event, target.workflow};
      if (scheduler_.Expect(delivery)) {
        share.expected.push_back(std::move(delivery));
      } else if (scheduler_.HoldsShard(ShardOf(target.id.webhook))) {
        stored.insert(target.id.webhook);
      } else {
        elsewhere.insert(target.id.webhook);
      }
    }
  }
  share.stored.assign(stored.begin(), stored.end());
  intake.announce.assign(elsewhere.begin(), elsewhere.end());
  return share;
}

void Enqueuer::AnnounceLost(const LocalShare& share, absl::Time deadline) {
  WebhookSet lost;
  for (const QueuedDelivery& delivery : share.expected) {
    const WebhookId& webhook = delivery.id.webhook;
    if (!scheduler_.HoldsShard(ShardOf(webhook))) lost.insert(webhook);
  }
  for (const WebhookId& webhook : share.stored) {
    if (!scheduler_.HoldsShard(ShardOf(webhook))) lost.insert(webhook);
  }
  if (lost.empty()) return;
  const absl::Status status = store_.Announce({lost.begin(), lost.end()}, deadline);
  if (!status.ok()) {
    log::Warning("deliveries of lost shards were not announced; their next search finds them",
                 {{"status", status}});
  }
}

std::shared_ptr<const entity::v1::Event> Enqueuer::Share(entity::v1::Event event) {
  const size_t bytes = event.ByteSizeLong();
  *event_bytes_ += bytes;
  return std::shared_ptr<const entity::v1::Event>(
      new entity::v1::Event(std::move(event)),
      [bytes, total = event_bytes_](const entity::v1::Event* last) {
        *total -= bytes;
        delete last;
      });
}

}  // namespace crier::delivery
