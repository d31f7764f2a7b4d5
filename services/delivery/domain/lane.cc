#include "services/delivery/domain/lane.h"

#include <algorithm>

namespace crier::delivery {
namespace {

// How much earlier than due deliveries are looked up, so that they start on time.
constexpr absl::Duration kLookAhead = absl::Seconds(1);

// After the database has failed to answer.
constexpr absl::Duration kRetryDelay = absl::Seconds(1);

}  // namespace

bool Lane::Expect(const QueuedDelivery& delivery) {
  const bool in_turn = delivery.due_time < stored_due_;
  if (!in_turn || size() >= options_.capacity) return false;
  known_.insert(delivery.id.message);
  expected_.insert(delivery.id.message);
  return true;
}

bool Lane::Offer(QueuedDelivery delivery) {
  if (expected_.erase(delivery.id.message) == 0) return false;
  Wait(std::move(delivery));
  return true;
}

bool Lane::ForgetExpected(const QueuedDelivery& delivery) {
  if (expected_.erase(delivery.id.message) == 0) return false;
  Forgotten(delivery.id.message, delivery.due_time);
  return true;
}

void Lane::NoteStored(absl::Time due_time) { stored_due_ = std::min(stored_due_, due_time); }

int Lane::BeginFetch() {
  fetching_ = true;
  stored_due_ = absl::InfiniteFuture();  // what is found, or noted meanwhile, lowers it
  return size() + options_.capacity;
}

void Lane::EndFetch(std::vector<QueuedDelivery> rows, int limit, absl::Time now) {
  const absl::Time near_future = now + options_.near_future;
  // The first that is neither known nor taken over.
  absl::Time rest =
      static_cast<int>(rows.size()) < limit ? absl::InfiniteFuture() : rows.back().due_time;
  for (QueuedDelivery& row : rows) {
    if (known_.contains(row.id.message)) continue;
    if (row.due_time > near_future) {
      rest = row.due_time;
      break;
    }
    known_.insert(row.id.message);
    Wait(std::move(row));
  }
  NoteStored(rest);
  FinishFetch();
}

void Lane::FailFetch(absl::Time now) {
  NoteStored(now + kLookAhead + kRetryDelay);
  FinishFetch();
}

void Lane::FinishFetch() {
  fetching_ = false;
  for (const MessageId& id : forget_after_fetch_) known_.erase(id);
  forget_after_fetch_.clear();
}

QueuedDelivery Lane::Take() {
  const auto first = waiting_.begin();
  QueuedDelivery delivery = std::move(first->second);
  waiting_.erase(first);
  ++in_flight_;
  return delivery;
}

void Lane::PutBack(QueuedDelivery delivery) {
  --in_flight_;
  Wait(std::move(delivery));
}

void Lane::Requeued(const QueuedDelivery& delivery, absl::Time due_time, absl::Time now) {
  if (due_time > now + options_.near_future || !HasRoom()) {
    Forgotten(delivery.id.message, due_time);
    return;
  }
  QueuedDelivery again = delivery;
  ++again.attempt_count;
  again.due_time = due_time;
  Wait(std::move(again));
}

void Lane::Forgotten(const MessageId& id, absl::Time due_time) {
  Forget(id);
  NoteStored(due_time);
}

void Lane::Wait(QueuedDelivery delivery) {
  const std::pair<absl::Time, MessageId> key(delivery.due_time, delivery.id.message);
  waiting_.emplace(key, std::move(delivery));
}

void Lane::Forget(const MessageId& id) {
  if (fetching_) {
    forget_after_fetch_.push_back(id);
  } else {
    known_.erase(id);
  }
}

bool Lane::HasRoom() const { return static_cast<int>(waiting_.size()) <= options_.capacity / 2; }

absl::Time Lane::NextFetch() const {
  return fetching_ || !HasRoom() ? absl::InfiniteFuture() : stored_due_ - kLookAhead;
}

bool Lane::IsReady(absl::Time now) const {
  return in_flight_ < options_.concurrency && !waiting_.empty() &&
         waiting_.begin()->first.first <= now;
}

bool Lane::WantsFetch(absl::Time now) const { return NextFetch() <= now; }

bool Lane::IsIdle(absl::Time now) const {
  return known_.empty() && !fetching_ && stored_due_ > now + options_.horizon;
}

absl::Time Lane::NextChange(absl::Time now) const {
  absl::Time next = absl::InfiniteFuture();
  if (in_flight_ < options_.concurrency && !waiting_.empty() && !IsReady(now)) {
    next = waiting_.begin()->first.first;
  }
  return WantsFetch(now) ? next : std::min(next, NextFetch());
}

}  // namespace crier::delivery
