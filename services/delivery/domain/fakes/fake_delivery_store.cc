#include "services/delivery/domain/fakes/fake_delivery_store.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/status/macros.h"
#include "services/delivery/domain/errors.h"
#include "services/delivery/domain/queue/shard.h"

namespace crier::delivery {

absl::Status FakeDeliveryStore::Begin() {
  std::function<void()> hook;
  {
    absl::MutexLock lock(&mutex_);
    hook = hook_;
  }
  if (hook) hook();
  absl::MutexLock lock(&mutex_);
  if (failures_ == 0) return absl::OkStatus();
  --failures_;
  return failure_;
}

void FakeDeliveryStore::FailTimes(int times, absl::Status status) {
  absl::MutexLock lock(&mutex_);
  failures_ = times;
  failure_ = std::move(status);
}

void FakeDeliveryStore::RefuseOutcomesOf(const MessageId& id) {
  absl::MutexLock lock(&mutex_);
  refused_ = id;
}

void FakeDeliveryStore::BeforeEach(std::function<void()> hook) {
  absl::MutexLock lock(&mutex_);
  hook_ = std::move(hook);
}

void FakeDeliveryStore::Fence(const lease::Lease& lease) {
  absl::MutexLock lock(&mutex_);
  fenced_[lease.slot] = lease.epoch;
}

void FakeDeliveryStore::Add(const DeliveryId& id, const DeliveryContent& content,
                            absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  QueuedDelivery delivery;
  delivery.id = id;
  delivery.due_time = due_time;
  queue_[id.message] = delivery;
  contents_[id.message] = content;
}

std::optional<QueuedDelivery> FakeDeliveryStore::Queued(const MessageId& id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = queue_.find(id);
  return found == queue_.end() ? std::nullopt : std::optional<QueuedDelivery>(found->second);
}

std::vector<AttemptOutcome> FakeDeliveryStore::Outcomes(const MessageId& id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = outcomes_.find(id);
  return found == outcomes_.end() ? std::vector<AttemptOutcome>() : found->second;
}

std::vector<WebhookId> FakeDeliveryStore::announced() const {
  absl::MutexLock lock(&mutex_);
  return announced_;
}

std::vector<Erasure> FakeDeliveryStore::erasures() const {
  absl::MutexLock lock(&mutex_);
  return erasures_;
}

void FakeDeliveryStore::Cancel(const MessageId& id) {
  absl::MutexLock lock(&mutex_);
  queue_.erase(id);
}

void FakeDeliveryStore::WantAgain(const MessageId& id, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  QueuedDelivery& queued = queue_.at(id);
  ++queued.redeliveries;
  queued.due_time = std::min(queued.due_time, now);
  queued.attempts_before = queued.attempt_count;
}

absl::StatusOr<std::vector<absl::Status>> FakeDeliveryStore::Enqueue(
    absl::Span<const Intake> intakes, absl::Time deadline) {
  RETURN_IF_ERROR(Begin());
  absl::MutexLock lock(&mutex_);
  std::vector<absl::Status> stored;
  for (const Intake& intake : intakes) stored.push_back(EnqueueOne(intake));
  return stored;
}

absl::Status FakeDeliveryStore::EnqueueOne(const Intake& intake) {
  int64_t& position = positions_[intake.producer];
  if (position != intake.expected_position) return PositionMismatchError(position);
  position = intake.next_position;
  for (const NewMessage& message : intake.messages) {
    for (const NewMessage::Target& target : message.targets) {
      QueuedDelivery delivery;
      delivery.id = target.id;
      delivery.due_time = target.due_time.value_or(intake.due_time);
      queue_[target.id.message] = delivery;
      // Of its own: what is counted in memory is not what lies in the store.
      contents_[target.id.message] = {std::make_shared<const std::string>(*message.event.bytes),
                                      target.workflow};
    }
  }
  announced_.insert(announced_.end(), intake.announce.begin(), intake.announce.end());
  erasures_.insert(erasures_.end(), intake.erasures.begin(), intake.erasures.end());
  return absl::OkStatus();
}

absl::Status FakeDeliveryStore::Announce(const std::vector<WebhookId>& webhooks,
                                         absl::Time deadline) {
  RETURN_IF_ERROR(Begin());
  absl::MutexLock lock(&mutex_);
  announced_.insert(announced_.end(), webhooks.begin(), webhooks.end());
  return absl::OkStatus();
}

absl::StatusOr<int64_t> FakeDeliveryStore::ProducerPosition(absl::string_view producer,
                                                            absl::Time deadline) {
  RETURN_IF_ERROR(Begin());
  absl::MutexLock lock(&mutex_);
  const auto found = positions_.find(std::string(producer));
  return found == positions_.end() ? 0 : found->second;
}

absl::StatusOr<std::vector<StoredWebhook>> FakeDeliveryStore::FindWebhooks(int32_t shard,
                                                                           absl::Time before,
                                                                           int limit,
                                                                           absl::Time deadline) {
  RETURN_IF_ERROR(Begin());
  absl::MutexLock lock(&mutex_);
  std::map<std::pair<int64_t, int64_t>, absl::Time> earliest;
  for (const auto& [id, delivery] : queue_) {
    const WebhookId& webhook = delivery.id.webhook;
    if (ShardOf(webhook) != shard || delivery.due_time >= before) continue;
    const auto [entry, added] =
        earliest.try_emplace({webhook.community, webhook.id}, delivery.due_time);
    if (!added) entry->second = std::min(entry->second, delivery.due_time);
  }
  std::vector<StoredWebhook> found;
  for (const auto& [webhook, due_time] : earliest) {
    found.push_back({{webhook.first, webhook.second}, due_time});
  }
  std::sort(found.begin(), found.end(), [](const StoredWebhook& a, const StoredWebhook& b) {
    return a.earliest_due_time < b.earliest_due_time;
  });
  if (found.size() > static_cast<size_t>(limit)) found.resize(limit);
  return found;
}

absl::StatusOr<std::vector<std::vector<QueuedDelivery>>> FakeDeliveryStore::LoadQueue(
    const std::vector<WebhookId>& webhooks, absl::Time before, int limit, absl::Time deadline) {
  RETURN_IF_ERROR(Begin());
  absl::MutexLock lock(&mutex_);
  std::vector<std::vector<QueuedDelivery>> loaded(webhooks.size());
  for (size_t i = 0; i < webhooks.size(); ++i) {
    for (const auto& [id, delivery] : queue_) {
      if (delivery.id.webhook == webhooks[i]) loaded[i].push_back(delivery);
    }
    std::stable_sort(
        loaded[i].begin(), loaded[i].end(),
        [](const QueuedDelivery& a, const QueuedDelivery& b) { return a.due_time < b.due_time; });
    const auto after = std::find_if(
        loaded[i].begin(), loaded[i].end(),
        [before](const QueuedDelivery& delivery) { return delivery.due_time >= before; });
    const auto taken = std::min<size_t>(limit, after - loaded[i].begin());
    if (loaded[i].size() > taken) loaded[i].resize(taken + 1);
  }
  return loaded;
}

absl::StatusOr<std::vector<std::optional<DeliveryContent>>> FakeDeliveryStore::LoadContents(
    const std::vector<DeliveryId>& ids, absl::Time deadline) {
  RETURN_IF_ERROR(Begin());
  absl::MutexLock lock(&mutex_);
  std::vector<std::optional<DeliveryContent>> contents;
  for (const DeliveryId& id : ids) {
    const auto found = contents_.find(id.message);
    contents.push_back(found == contents_.end() ? std::nullopt
                                                : std::optional<DeliveryContent>(found->second));
  }
  return contents;
}

absl::StatusOr<std::vector<bool>> FakeDeliveryStore::FindQueued(const std::vector<DeliveryId>& ids,
                                                                absl::Time deadline) {
  RETURN_IF_ERROR(Begin());
  absl::MutexLock lock(&mutex_);
  std::vector<bool> queued;
  for (const DeliveryId& id : ids) queued.push_back(queue_.count(id.message) > 0);
  return queued;
}

absl::StatusOr<std::vector<Recorded>> FakeDeliveryStore::Commit(
    const std::vector<AttemptOutcome>& outcomes, absl::Time deadline) {
  RETURN_IF_ERROR(Begin());
  absl::MutexLock lock(&mutex_);
  for (const AttemptOutcome& outcome : outcomes) {
    if (refused_ == outcome.id.message) return absl::InternalError("the outcome is refused");
  }
  std::vector<Recorded> recorded;
  for (const AttemptOutcome& outcome : outcomes) {
    const auto fenced = fenced_.find(outcome.lease.slot);
    const bool held = fenced == fenced_.end() || fenced->second < outcome.lease.epoch;
    recorded.push_back(held ? Record(outcome) : Recorded::kFenced);
  }
  return recorded;
}

Recorded FakeDeliveryStore::Record(const AttemptOutcome& outcome) {
  std::vector<AttemptOutcome>& recorded = outcomes_[outcome.id.message];
  const bool repeated =
      outcome.attempt && std::any_of(recorded.begin(), recorded.end(), [&](const auto& earlier) {
        return earlier.attempt && earlier.attempt->number == outcome.attempt->number;
      });
  recorded.push_back(outcome);
  const auto row = queue_.find(outcome.id.message);
  if (row == queue_.end()) return repeated ? Recorded::kWritten : Recorded::kCancelled;
  QueuedDelivery& queued = row->second;
  const bool wanted = outcome.attempt && outcome.state != DeliveryState::kSucceeded &&
                      outcome.redeliveries < queued.redeliveries;
  if (outcome.state != DeliveryState::kPending && !wanted) {
    queue_.erase(row);
    return Recorded::kWritten;
  }
  queued.attempt_count = outcome.attempt->number;
  if (wanted) {
    queued.attempts_before = queued.attempt_count;
  } else {
    queued.due_time = outcome.due_time;
  }
  return outcome.state == DeliveryState::kPending ? Recorded::kWritten : Recorded::kWantedAgain;
}

}  // namespace crier::delivery
