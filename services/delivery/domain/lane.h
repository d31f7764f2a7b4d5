// What a replica has in memory of one webhook's queue.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_LANE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_LANE_H_

#include <map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "common/base/message_id.h"
#include "common/lease/lease_store.h"
#include "services/delivery/domain/delivery.h"

namespace crier::delivery {

struct LaneOptions {
  // Attempts on the wire at once.
  int concurrency = 10;
  // Deliveries in memory; more wait in the database.
  int capacity = 256;
  // Deliveries due within this time are held in memory once the webhook is looked up.
  absl::Duration near_future = absl::Seconds(10);
  // A webhook with something due within this time is remembered.
  absl::Duration horizon = absl::Seconds(60);
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
      : webhook_(webhook), lease_(lease), options_(options) {}

  const WebhookId& webhook() const { return webhook_; }
  const lease::Lease& lease() const { return lease_; }
  // Known deliveries.
  int size() const { return static_cast<int>(known_.size()); }

  // False when the delivery must wait in the database: there is no room, or others wait there that
  // come before it.
  bool Expect(const QueuedDelivery& delivery);
  // False when it was not expected.
  bool Offer(QueuedDelivery delivery);
  // False when it was not expected.
  bool ForgetExpected(const QueuedDelivery& delivery);
  void NoteStored(absl::Time due_time);

  // Begins to look the webhook up, and returns how many deliveries to load at least: those that are
  // known will be found again.
  int BeginFetch();
  // `rows` are the first of the queue by due time, at most `limit`.
  void EndFetch(std::vector<QueuedDelivery> rows, int limit, absl::Time now);
  void FailFetch(absl::Time now);

  // Takes the first delivery; only when IsReady.
  QueuedDelivery Take();
  void PutBack(QueuedDelivery delivery);
  void Answered() { --in_flight_; }
  void Settled(const MessageId& id) { Forget(id); }
  // `delivery` as it was taken; queued again for `due_time` after one more attempt.
  void Requeued(const QueuedDelivery& delivery, absl::Time due_time, absl::Time now);
  void Forgotten(const MessageId& id, absl::Time due_time);

  // Whether a delivery may be taken.
  bool IsReady(absl::Time now) const;
  // Whether the database should be looked up.
  bool WantsFetch(absl::Time now) const;
  // Whether nothing is lost when the lane is removed, and made again when something is stored.
  bool IsIdle(absl::Time now) const;
  // When IsReady or WantsFetch, so far false, will become true by time alone.
  absl::Time NextChange(absl::Time now) const;

 private:
  void Wait(QueuedDelivery delivery);
  void Forget(const MessageId& id);
  void FinishFetch();
  bool HasRoom() const;
  absl::Time NextFetch() const;

  const WebhookId webhook_;
  const lease::Lease lease_;
  const LaneOptions options_;

  std::map<std::pair<absl::Time, MessageId>, QueuedDelivery> waiting_;  // by due time
  absl::flat_hash_set<MessageId> known_;     // expected, waiting, in flight or not settled
  absl::flat_hash_set<MessageId> expected_;  // about to be stored
  int in_flight_ = 0;
  // No delivery in the database that is not known is due before this.
  absl::Time stored_due_ = absl::InfiniteFuture();
  bool fetching_ = false;
  // Settled while a fetch was under way, which may still have seen them in the queue.
  std::vector<MessageId> forget_after_fetch_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_LANE_H_
