#include "services/delivery/domain/queue/lane.h"

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
  if (!in_turn || size() >= capacity_) return false;
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

void Lane::NoteStored(absl::Time due_time) {
  ++news_.notes;
  LookAt(due_time);
}

void Lane::TryNow() {
  ++news_.tries;
  DropWaiting();
  NoteStored(absl::InfinitePast());
  pace_.TryNow();
}

void Lane::LookAt(absl::Time due_time) { stored_due_ = std::min(stored_due_, due_time); }

int Lane::BeginFetch() {
  fetching_ = true;
  stored_due_ = absl::InfiniteFuture();  // what is found, or noted meanwhile, lowers it
  return size() + capacity_;
}

void Lane::EndFetch(std::vector<QueuedDelivery> rows, absl::Time before, int limit) {
  // The first that is neither known nor taken over.
  absl::Time rest = absl::InfiniteFuture();
  if (rows.size() > static_cast<size_t>(limit)) {
    rest = rows[limit].due_time;
    rows.resize(limit);
  }
  for (QueuedDelivery& row : rows) {
    if (known_.contains(row.id.message)) continue;
    if (row.due_time >= before) {
      rest = row.due_time;
      break;
    }
    known_.insert(row.id.message);
    Wait(std::move(row));
  }
  LookAt(rest);
  FinishFetch();
}

void Lane::FailFetch(Moment now) {
  LookAt(now.wall + kLookAhead + kRetryDelay);
  FinishFetch();
}

void Lane::FinishFetch() {
  fetching_ = false;
  for (const MessageId& id : forget_after_fetch_) known_.erase(id);
  forget_after_fetch_.clear();
}

QueuedDelivery Lane::Take(Moment now) {
  const auto first = waiting_.begin();
  QueuedDelivery delivery = std::move(first->second);
  waiting_.erase(first);
  pace_.Begin(now.monotonic);
  return delivery;
}

void Lane::PutBack(QueuedDelivery delivery, Moment now) {
  pace_.Undo(now.monotonic);
  Wait(std::move(delivery));
}

void Lane::Answered(const Answer& answer, LaneNews taken_at, Moment now) {
  const bool outdated = taken_at.tries != news_.tries && answer.kind != Answer::Kind::kGood;
  outdated ? pace_.EndUnjudged(now.monotonic) : pace_.End(answer, now.monotonic);
}

void Lane::Settled(const MessageId& id, LaneNews taken_at) {
  Forgotten(id, taken_at.tries == news_.tries ? absl::InfiniteFuture() : absl::InfinitePast());
}

void Lane::Requeued(const QueuedDelivery& delivery, LaneNews taken_at, absl::Time due_time,
                    Moment now) {
  if (taken_at.tries != news_.tries) return Forgotten(delivery.id.message, absl::InfinitePast());
  if (due_time > now.wall + options_.near_future || !HasRoom()) {
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
  LookAt(due_time);
}

void Lane::Hold(const QueuedDelivery& delivery, LaneNews taken_at, Moment now) {
  pace_.Undo(now.monotonic);
  Forget(delivery.id.message);
  DropWaiting();
  stored_due_ = news_.notes == taken_at.notes ? absl::InfiniteFuture() : absl::InfinitePast();
}

void Lane::DropWaiting() {
  for (const auto& [key, waiting] : waiting_) Forget(waiting.id.message);
  waiting_.clear();
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

bool Lane::HasRoom() const { return static_cast<int>(waiting_.size()) <= capacity_ / 2; }

absl::Time Lane::NextFetch() const {
  return fetching_ || !HasRoom() ? absl::InfiniteFuture() : stored_due_ - kLookAhead;
}

bool Lane::IsReady(Moment now) const {
  return !waiting_.empty() && waiting_.begin()->first.first <= now.wall &&
         pace_.MayBegin(now.monotonic);
}

bool Lane::WantsFetch(Moment now) const { return NextFetch() <= now.wall; }

bool Lane::IsIdle(Moment now) const {
  return known_.empty() && !fetching_ && stored_due_ > now.wall + options_.horizon &&
         now.monotonic >= pace_.memorable_until();
}

absl::Time Lane::NextChange(Moment now) const {
  const auto at = [now](absl::Duration monotonic) {
    return now.wall + (monotonic - now.monotonic);
  };
  absl::Time next = absl::InfiniteFuture();
  if (!waiting_.empty() && !IsReady(now)) {
    next = std::max(waiting_.begin()->first.first, at(pace_.NextBegin(now.monotonic)));
  }
  if (!WantsFetch(now)) next = std::min(next, NextFetch());
  if (!pace_.IsSuspect(now.monotonic)) next = std::min(next, at(pace_.NextSuspicion()));
  if (known_.empty() && now.monotonic < pace_.memorable_until()) {
    next = std::min(next, at(pace_.memorable_until()));
  }
  return next;
}

}  // namespace crier::delivery
