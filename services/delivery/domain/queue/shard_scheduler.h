// The near future of the leased shards, in memory: which delivery is attempted when.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SHARD_SCHEDULER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SHARD_SCHEDULER_H_

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/cond_var.h"
#include "common/lease/lease_store.h"
#include "services/delivery/domain/queue/delivery.h"
#include "services/delivery/domain/queue/lane.h"
#include "services/delivery/domain/queue/lanes.h"
#include "services/delivery/domain/queue/queue_store.h"
#include "services/delivery/domain/queue/scheduler_options.h"

namespace crier::delivery {

// A delivery taken for an attempt, with the lease that it was taken under.
struct Claim {
  lease::Lease lease;
  QueuedDelivery delivery;
  LaneNews taken_at = {};
};

// Thread-safe; never blocks but in the Wait functions, and calls nobody.
//
// It holds a lane per webhook: the deliveries that are in memory, and the time before which the
// database has no others. So whatever happens, a queued delivery of a leased shard is in memory or
// will be looked up when it is due, and memory is bounded however many deliveries wait.
//
// Fairness, in short: each lane keeps to the pace of its receiver; lanes and their communities take
// turns for the places on the wire; suspects have places of their own, so that however many
// receivers never answer, they take none from those that do. Where places are scarce, first
// attempts go before retries, and prompt receivers before suspects, but for a share that keeps the
// others going.
//
// A delivery passes through Expect → Offer (or Fetched) → TakeReady → Answered → one of Settled,
// Requeued or Forgotten. Everything about a shard is dropped when its lease is lost; later calls
// about its claims only free their place on the wire.
class ShardScheduler {
 public:
  // `clock` must outlive the scheduler.
  ShardScheduler(const Clock& clock, const SchedulerOptions& options);

  // --- leases ---
  void Gain(const lease::Lease& lease);
  void Lose(const lease::Lease& lease);
  bool HoldsShard(int32_t shard) const;
  bool Holds(const lease::Lease& lease) const;
  int held_shards() const;

  // --- what was enqueued here ---
  // Announces a delivery that is about to be stored, so that nobody who finds it in the database
  // takes it as well. False when it would not be held in memory: then it is not expected.
  bool Expect(const QueuedDelivery& delivery);
  // An expected delivery has been stored.
  void Offer(QueuedDelivery delivery);
  // The database has, or may have, deliveries of the webhook that are due at `due_time`. Ignored
  // for shards that are not held.
  void NoteStored(const WebhookId& webhook, absl::Time due_time);
  // Somebody has changed the webhook, or wants one of its deliveries to be sent again: what is in
  // memory of it may be out of date and is looked up anew, and the receiver is tried although it
  // was to be left alone.
  void TryNow(const WebhookId& webhook);
  // It is not known whether an expected delivery was stored: the database will tell.
  void ForgetExpected(const QueuedDelivery& delivery);

  // --- what is stored already ---
  // A webhook whose next deliveries are to be loaded, under the lease of its shard.
  struct Fetch {
    WebhookId webhook;
    lease::Lease lease;
  };
  struct Loads {
    std::vector<lease::Lease> searches;  // shards whose webhooks are to be found
    absl::Time search_before;            // those due before
    int search_limit = 0;
    std::vector<Fetch> fetches;
    absl::Time fetch_before;  // deliveries due before, and the first one after
    int fetch_limit = 0;      // deliveries of each webhook

    bool empty() const { return searches.empty() && fetches.empty(); }
  };
  // What should be read from the database now. Each search and fetch must be answered by one of the
  // following four.
  Loads TakeLoads();
  void Searched(const lease::Lease& lease, const std::vector<StoredWebhook>& found);
  void SearchFailed(const lease::Lease& lease);
  // `rows` are what QueueStore::LoadQueue found for `before` and `limit` (fetch_before and
  // fetch_limit).
  void Fetched(const Fetch& fetch, std::vector<QueuedDelivery> rows, absl::Time before, int limit);
  void FetchFailed(const Fetch& fetch);
  // Notifications may have been missed: searches every shard again.
  void SearchAll();
  // Returns when TakeLoads has something, or after `at_most`; false once interrupted.
  bool WaitForLoads(absl::Duration at_most);

  // --- attempts ---
  // Takes deliveries that are due, webhook by webhook in turn, each delivery once; at most `max`.
  std::vector<Claim> TakeReady(int max);
  // As WaitForLoads.
  bool WaitForReady(absl::Duration at_most);
  // Limits of the webhook's own, as they are now; 0 for none. False when more has been taken than
  // they allow: a claim on it is to be put back.
  bool SetLimits(const WebhookId& webhook, int max_concurrency, int attempts_per_minute);
  // Undoes TakeReady: the attempt was not begun.
  void PutBack(Claim claim);
  // The attempt was not begun, because its webhook is paused or disabled, as was read after the
  // taking: forgets what is in memory of the webhook, until NoteStored. What was noted meanwhile is
  // looked up.
  void Held(const Claim& claim);
  // The attempt is over, with this answer, or was not made in the end; its webhook may have the
  // next one. To be followed by one of the next three. Returns the receiver's circuit as it is
  // then.
  Circuit Answered(const Claim& claim, const Answer& answer);
  void NotAttempted(const Claim& claim);
  // The outcome is stored and the delivery is off the queue.
  void Settled(const Claim& claim);
  // The outcome is stored and the delivery is queued again.
  void Requeued(const Claim& claim, absl::Time due_time);
  // The outcome could not be stored: the database will tell what is to be done, at `due_time`.
  void Forgotten(const Claim& claim, absl::Time due_time);

  // Returns when no claim is outstanding, or after `at_most`; true in the first case.
  bool WaitUntilSettled(absl::Duration at_most);
  // Ends the waiting for loads and for what is ready, now and for ever.
  void Interrupt();

  // Deliveries held in memory, on the wire included.
  int size() const;
  // Claims that wait for one of Settled, Requeued and Forgotten, on the wire included.
  int unsettled() const;
  // Whether there are such claims of the lease, which may have been lost.
  bool IsUnsettled(const lease::Lease& lease) const;
  // How often circuits of receivers have come to each state, by Circuit.
  std::array<int64_t, 3> circuit_changes() const;

 private:
  struct Shard {
    lease::Lease lease;
    bool searching = false;
    bool searched = false;  // at least once
    absl::Time next_search = absl::InfinitePast();
  };

  void DropShard(int32_t slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Null when the lease is not held any more.
  Shard* FindShard(const lease::Lease& lease) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Null when the shard is not held or full.
  Lanes::Entry* FindOrAdd(const WebhookId& webhook) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteStoredLocked(const WebhookId& webhook, absl::Time due_time)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // After a change of the lane, whose entry must not be used afterwards.
  void Replan(Lanes::Entry& entry, Moment now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The lanes whose time has come.
  void ReplanDue(Moment now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Tell(const Lanes::News& news) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellOfTurns() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Moment Now() const { return {clock_.Now(), clock_.Monotonic()}; }
  // The place on the wire of a claim whose lane is gone.
  void FreeOrphan() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A claim is outstanding no more.
  void Settle(const Claim& claim) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasLoads() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasReady() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Time NextSearch() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  const SchedulerOptions options_;

  mutable absl::Mutex mutex_;
  // One for each of those who wait, because waking somebody for what does not concern him would
  // cost more than the change itself.
  CondVar loads_changed_;
  CondVar ready_changed_;
  CondVar settled_;
  bool interrupted_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<int32_t, Shard> shards_ ABSL_GUARDED_BY(mutex_);
  Lanes lanes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SHARD_SCHEDULER_H_
