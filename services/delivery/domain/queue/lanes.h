// The lanes in memory, and where each of them stands.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_LANES_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_LANES_H_

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/lease/lease_store.h"
#include "services/delivery/domain/queue/lane.h"
#include "services/delivery/domain/queue/scheduler_options.h"
#include "services/delivery/domain/queue/shard.h"
#include "services/delivery/domain/queue/turns.h"

namespace crier::delivery {

// Every lane that is not idle, by webhook. A lane with something to take waits for its turn, in one
// of four rounds; one that the database should be asked about, to be looked up; and one that time
// alone will change, for that moment. Replan() puts it where it belongs: to be called after each
// change of a lane.
//
// It also counts the places on the wire, of which suspects have their own.
//
// Not thread-safe: belongs to the ShardScheduler.
class Lanes {
 public:
  // A lane, and where it stands.
  class Entry {
   public:
    explicit Entry(Lane new_lane) : lane(std::move(new_lane)) {}

    Lane lane;

   private:
    friend class Lanes;

    int counted_ = 0;            // its part of size_
    int counted_in_flight_ = 0;  // its part of in_flight_[suspect_]
    bool suspect_ = true;
    Circuit circuit_ = Circuit::kClosed;
    Turns* round_ = nullptr;                     // where it waits for its turn
    uint64_t ticket_ = 0;                        // with this one
    bool in_to_fetch_ = false;                   // is in to_fetch_
    absl::Time timer_ = absl::InfiniteFuture();  // its place in timers_, if finite
  };

  // What those who wait for loads or turns should hear of.
  struct News {
    bool fetch = false;  // a lane wants to be looked up
    bool timer = false;  // NextTimer() is sooner than it was
  };

  explicit Lanes(const SchedulerOptions& options) : options_(options) {}

  // --- lanes ---
  // Null when there is none.
  Entry* Find(const WebhookId& webhook);
  // Null when the shard has changed hands since the lease was read.
  Entry* Find(const WebhookId& webhook, const lease::Lease& lease);
  // Null when there are as many lanes of the shard as there may be.
  Entry* FindOrAdd(const WebhookId& webhook, const lease::Lease& shard);
  // All of them.
  void RemoveShard(int32_t slot);
  // Removes the lane when nothing is left of it, so `entry` must not be used afterwards.
  News Replan(Entry& entry, Moment now);
  // Replans the lanes whose time has come; all of them when the wall clock has stepped.
  News ReplanDue(Moment now);
  // When ReplanDue has something to do.
  absl::Time NextTimer() const;

  // --- taking; each entry is to be replanned ---
  // The lane that has waited longest to be looked up, waiting no more; null when none does.
  Entry* NextFetch();
  bool HasFetch() const { return !to_fetch_.empty(); }
  // The lane whose turn it is, waiting no more; null when there is none for which there is a place.
  Entry* NextTurn();
  bool HasTurn() const;

  // --- what was taken ---
  // An attempt whose outcome is to be stored.
  void Taken(const lease::Lease& lease);
  void Settled(const lease::Lease& lease);
  int unsettled() const { return unsettled_; }
  bool IsUnsettled(const lease::Lease& lease) const { return unsettled_of_.contains(lease); }
  // The attempt is off the wire, and its lane was gone before.
  void FreeOrphan() { --in_flight_[false]; }

  // Deliveries in memory.
  int size() const { return size_; }
  // How often circuits have come to each state, by Circuit.
  const std::array<int64_t, 3>& circuit_changes() const { return circuit_changes_; }

 private:
  void Remove(Entry& entry);
  void Count(Entry& entry, Moment now);
  void Line(Entry& entry, Moment now);
  bool SetTimer(Entry& entry, absl::Time timer);
  // Whether an attempt may begin, to a suspect or to another.
  bool HasPlace(bool suspect) const;
  // Of each webhook, as far as memory is left.
  int LaneCapacity() const;

  const SchedulerOptions options_;

  absl::flat_hash_map<WebhookId, std::unique_ptr<Entry>, WebhookIdHash> entries_;
  std::array<int, kShardCount> of_shard_ = {};  // entries
  // Lanes with a delivery to take, by whether they are suspects and whether it is a retry.
  std::array<std::array<Turns, 2>, 2> rounds_;
  uint64_t tickets_ = 0;            // given out
  uint64_t turn_ = 0;               // counts the turns
  std::deque<WebhookId> to_fetch_;  // in turn
  std::set<std::pair<absl::Time, Entry*>> timers_;
  // By how much the wall clock is ahead of the monotonic one, as of the timers.
  absl::Time clock_offset_ = absl::InfinitePast();
  int size_ = 0;
  std::array<int, 2> in_flight_ = {};                    // by whether the receiver is a suspect
  int unsettled_ = 0;                                    // in flight included
  absl::flat_hash_map<lease::Lease, int> unsettled_of_;  // the same by lease; none is 0
  std::array<int64_t, 3> circuit_changes_ = {};
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_LANES_H_
