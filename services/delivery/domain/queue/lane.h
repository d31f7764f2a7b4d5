// What a replica has in memory of one webhook's queue.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_LANE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_LANE_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "common/base/message_id.h"
#include "common/lease/lease_store.h"
#include "services/delivery/domain/queue/delivery.h"
#include "services/delivery/domain/queue/pace.h"

namespace crier::delivery {

// One moment throughout a decision, by the wall clock (when deliveries are due) and by the
// monotonic one (the pace of a receiver).
struct Moment {
  absl::Time wall;
  absl::Duration monotonic;
};

struct LaneOptions {
  PaceOptions pace;
  // Deliveries in memory.
  int capacity = 256;
  // Deliveries due within this time are held in memory once the webhook is looked up.
  absl::Duration near_future = absl::Seconds(10);
  // A webhook with something due within this time is remembered.
  absl::Duration horizon = absl::Seconds(60);
};

// What a lane has been told, counted. Who has a delivery of it keeps the counts of its taking: what
// was told since may be newer than what was read after that.
struct LaneNews {
  uint64_t notes = 0;  // NoteStored() and what implies it
  uint64_t tries = 0;  // TryNow()
};

// The rule that it keeps: a queued delivery of the webhook is either known here, or due no earlier
// than the time at which the lane wants to be looked up. A delivery is known from the moment that
// this replica may act on it until the database says of it what the memory says, so nothing that is
// loaded meanwhile is taken twice.
//
// Not thread-safe: belongs to the ShardScheduler, which describes the life of a delivery. Times are
// given, so that one moment holds throughout a decision.
class Lane {
 public:
  // `lease` is that of the webhook's shard.
  Lane(const WebhookId& webhook, const lease::Lease& lease, const LaneOptions& options)
      : webhook_(webhook), lease_(lease), options_(options), pace_(options.pace) {}

  const WebhookId& webhook() const { return webhook_; }
  const lease::Lease& lease() const { return lease_; }
  // Known deliveries.
  int size() const { return static_cast<int>(known_.size()); }
  // How many there may be, about; more wait in the database.
  void SetCapacity(int capacity) { capacity_ = capacity; }
  const Pace& pace() const { return pace_; }
  bool SetLimits(int max_concurrency, int attempts_per_minute) {
    return pace_.SetLimits(max_concurrency, attempts_per_minute);
  }

  // False when the delivery must wait in the database: there is no room, or others wait there that
  // come before it.
  bool Expect(const QueuedDelivery& delivery);
  // False when it was not expected.
  bool Offer(QueuedDelivery delivery);
  // False when it was not expected.
  bool ForgetExpected(const QueuedDelivery& delivery);
  void NoteStored(absl::Time due_time);
  // What the database has of the webhook and its queue may be other than what is known: drops all
  // that is not under way, to look it up again, and tries the receiver.
  void TryNow();

  // Begins to look the webhook up, and returns how many deliveries to load at least: those that are
  // known will be found again.
  int BeginFetch();
  // `rows` are the first of the queue by due time: those due before `before`, at most `limit`, and
  // one more.
  void EndFetch(std::vector<QueuedDelivery> rows, absl::Time before, int limit);
  void FailFetch(Moment now);

  // Takes the first delivery; only when IsReady.
  QueuedDelivery Take(Moment now);
  void PutBack(QueuedDelivery delivery, Moment now);
  // In this, Settled(), Requeued() and Hold(), `taken_at` is the news() when the delivery was
  // taken. If TryNow() has come since, a failure says nothing of a receiver that may be another by
  // now.
  void Answered(const Answer& answer, LaneNews taken_at, Moment now);
  // The attempt was not made in the end.
  void NotAttempted(Moment now) { pace_.Undo(now.monotonic); }
  // If TryNow() has come since the taking, somebody may have queued it anew, and the database
  // tells.
  void Settled(const MessageId& id, LaneNews taken_at);
  // `delivery` as it was taken; queued again for `due_time` after one more attempt.
  void Requeued(const QueuedDelivery& delivery, LaneNews taken_at, absl::Time due_time, Moment now);
  void Forgotten(const MessageId& id, absl::Time due_time);
  // The webhook is paused or disabled, as was read after `delivery` was taken: drops all that is
  // not under way, until something is noted. What was noted since the taking holds.
  void Hold(const QueuedDelivery& delivery, LaneNews taken_at, Moment now);
  LaneNews news() const { return news_; }

  // Whether a delivery may be taken.
  bool IsReady(Moment now) const;
  // Whether the first delivery has been attempted before; only when IsReady.
  bool IsRetry() const { return waiting_.begin()->second.attempt_count > 0; }
  // Whether the database should be looked up.
  bool WantsFetch(Moment now) const;
  // Whether nothing is lost when the lane is removed, and made again when something is stored.
  bool IsIdle(Moment now) const;
  // When IsReady, WantsFetch, IsIdle or the suspicion of the pace, so far false, will become true
  // by time alone.
  absl::Time NextChange(Moment now) const;

 private:
  void Wait(QueuedDelivery delivery);
  void DropWaiting();
  void Forget(const MessageId& id);
  void FinishFetch();
  void LookAt(absl::Time due_time);
  bool HasRoom() const;
  absl::Time NextFetch() const;

  const WebhookId webhook_;
  const lease::Lease lease_;
  const LaneOptions options_;
  int capacity_ = options_.capacity;

  std::map<std::pair<absl::Time, MessageId>, QueuedDelivery> waiting_;  // by due time
  absl::flat_hash_set<MessageId> known_;     // expected, waiting, in flight or not settled
  absl::flat_hash_set<MessageId> expected_;  // about to be stored
  Pace pace_;
  // No delivery in the database that is not known is due before this.
  absl::Time stored_due_ = absl::InfiniteFuture();
  LaneNews news_;
  bool fetching_ = false;
  // Settled while a fetch was under way, which may still have seen them in the queue.
  std::vector<MessageId> forget_after_fetch_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_LANE_H_
