#include "services/evaluator/domain/fakes/fake_delivery_sink.h"

#include "common/base/clock.h"

namespace crier::evaluator {

void FakeDeliverySink::AddWebhook(const WebhookId& id) {
  absl::MutexLock lock(&mutex_);
  webhooks_.emplace(id.community, id.id);
}

void FakeDeliverySink::RemoveWebhook(const WebhookId& id) {
  absl::MutexLock lock(&mutex_);
  webhooks_.erase({id.community, id.id});
}

void FakeDeliverySink::MoveProducer(const std::string& producer, int64_t position) {
  absl::MutexLock lock(&mutex_);
  positions_[producer] = position;
  changed_.SignalAll();
}

bool FakeDeliverySink::WaitForPosition(const std::string& producer, int64_t position) const {
  const absl::Duration end = SystemClock().Monotonic() + absl::Minutes(1);
  absl::MutexLock lock(&mutex_);
  while (PositionOf(producer) < position) {
    if (changed_.WaitUntil(&mutex_, end)) return false;
  }
  return true;
}

std::vector<delivery::v1::EnqueueMessage> FakeDeliverySink::messages() const {
  absl::MutexLock lock(&mutex_);
  return messages_;
}

std::vector<delivery::v1::Erasure> FakeDeliverySink::erasures() const {
  absl::MutexLock lock(&mutex_);
  return erasures_;
}

int FakeDeliverySink::enqueues() const {
  absl::MutexLock lock(&mutex_);
  return enqueues_;
}

absl::StatusOr<int64_t> FakeDeliverySink::Enqueue(absl::string_view producer,
                                                  int64_t expected_position, Batch batch,
                                                  absl::Time deadline) {
  const Fault fault = NextFault(faults_);
  if (fault == Fault::kBefore) return FaultStatus();
  absl::MutexLock lock(&mutex_);
  int64_t& position = positions_[std::string(producer)];
  if (batch.next_position <= expected_position) {
    return absl::InvalidArgumentError("next_position must be above `expected_position`");
  }
  if (position == expected_position) {
    position = batch.next_position;
    for (auto& message : batch.messages) messages_.push_back(std::move(message));
    for (auto& erasure : batch.erasures) erasures_.push_back(std::move(erasure));
    ++enqueues_;
    changed_.SignalAll();
  }
  if (fault == Fault::kAfter) return FaultStatus();
  return position;
}

absl::StatusOr<int64_t> FakeDeliverySink::Position(absl::string_view producer,
                                                   absl::Time deadline) {
  if (NextFault(faults_) != Fault::kNone) return FaultStatus();
  absl::MutexLock lock(&mutex_);
  return PositionOf(std::string(producer));
}

absl::StatusOr<bool> FakeDeliverySink::WebhookExists(const WebhookId& id, absl::Time deadline) {
  if (NextFault(faults_) != Fault::kNone) return FaultStatus();
  absl::MutexLock lock(&mutex_);
  return webhooks_.contains({id.community, id.id});
}

int64_t FakeDeliverySink::PositionOf(const std::string& producer) const {
  const auto found = positions_.find(producer);
  return found == positions_.end() ? 0 : found->second;
}

}  // namespace crier::evaluator
