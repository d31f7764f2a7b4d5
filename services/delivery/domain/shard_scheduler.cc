#include "services/delivery/domain/shard_scheduler.h"

#include <algorithm>

namespace crier::delivery {
namespace {

// Shards searched, and webhooks looked up, in one go of the loader: few enough that neither keeps
// the other waiting.
constexpr size_t kSearchesAtOnce = 4;
constexpr size_t kFetchesAtOnce = 64;

// How much earlier than due the deliveries of a webhook are looked up, so that they start on time.
constexpr absl::Duration kLookAhead = absl::Seconds(1);

// After the database has failed to answer.
constexpr absl::Duration kRetryDelay = absl::Seconds(1);

}  // namespace

// One webhook. A delivery is in `known` from the moment that this replica may act on it until the
// database says of it what the memory says, so that nothing loaded meanwhile is taken twice.
struct ShardScheduler::Lane {
  WebhookId webhook;
  lease::Lease lease;                                                  // of its shard
  std::map<std::pair<absl::Time, MessageId>, QueuedDelivery> waiting;  // by due time
  absl::flat_hash_set<MessageId> known;     // expected, waiting, in flight or not settled
  absl::flat_hash_set<MessageId> expected;  // about to be stored
  int in_flight = 0;
  // No delivery in the database that is not known is due before this.
  absl::Time stored_due = absl::InfiniteFuture();
  bool fetching = false;
  // Settled while a fetch was under way, which may still have seen them in the queue.
  std::vector<MessageId> forget_after_fetch;
  bool in_ready = false;                      // is in ready_
  bool in_to_fetch = false;                   // is in to_fetch_
  absl::Time timer = absl::InfiniteFuture();  // its entry in timers_, if finite

  void Wait(QueuedDelivery delivery) {
    const std::pair<absl::Time, MessageId> key(delivery.due_time, delivery.id.message);
    waiting.emplace(key, std::move(delivery));
  }
};

ShardScheduler::ShardScheduler(const Clock& clock, const SchedulerOptions& options)
    : clock_(clock), options_(options) {}

ShardScheduler::~ShardScheduler() = default;

// --- leases ---

void ShardScheduler::Gain(const lease::Lease& lease) {
  absl::MutexLock lock(&mutex_);
  if (FindShard(lease) != nullptr) return;
  DropShard(lease.slot);
  Shard shard;
  shard.lease = lease;
  shards_.emplace(lease.slot, shard);
  changed_.SignalAll();
}

void ShardScheduler::Lose(const lease::Lease& lease) {
  absl::MutexLock lock(&mutex_);
  if (FindShard(lease) != nullptr) DropShard(lease.slot);
}

bool ShardScheduler::HoldsShard(int32_t shard) const {
  absl::MutexLock lock(&mutex_);
  return shards_.count(shard) > 0;
}

bool ShardScheduler::Holds(const lease::Lease& lease) const {
  absl::MutexLock lock(&mutex_);
  const auto shard = shards_.find(lease.slot);
  return shard != shards_.end() && shard->second.lease == lease;
}

int ShardScheduler::held_shards() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(shards_.size());
}

void ShardScheduler::DropShard(int32_t slot) {
  std::vector<Lane*> lost;
  for (const auto& entry : lanes_) {
    if (entry.second->lease.slot == slot) lost.push_back(entry.second.get());
  }
  for (Lane* lane : lost) RemoveLane(*lane);
  shards_.erase(slot);
}

// --- what was enqueued here ---

bool ShardScheduler::Expect(const QueuedDelivery& delivery) {
  absl::MutexLock lock(&mutex_);
  Lane* const lane = FindOrAddLane(delivery.id.webhook);
  if (lane == nullptr) return false;
  // Behind what waits in the database, so that one webhook's deliveries keep their order.
  const bool in_turn = delivery.due_time < lane->stored_due;
  if (!in_turn || static_cast<int>(lane->known.size()) >= options_.webhook_capacity) return false;
  Remember(*lane, delivery.id.message);
  lane->expected.insert(delivery.id.message);
  return true;
}

void ShardScheduler::Offer(QueuedDelivery delivery) {
  absl::MutexLock lock(&mutex_);
  Lane* const lane = FindLane(delivery.id.webhook);
  if (lane == nullptr || lane->expected.erase(delivery.id.message) == 0) {
    // The lease came or went since it was expected.
    NoteStoredLocked(delivery.id.webhook, delivery.due_time);
    return;
  }
  lane->Wait(std::move(delivery));
  Replan(*lane);
}

void ShardScheduler::NoteStored(const WebhookId& webhook, absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  NoteStoredLocked(webhook, due_time);
}

void ShardScheduler::ForgetExpected(const QueuedDelivery& delivery) {
  absl::MutexLock lock(&mutex_);
  Lane* const lane = FindLane(delivery.id.webhook);
  if (lane == nullptr || lane->expected.erase(delivery.id.message) == 0) return;
  Forget(*lane, delivery.id.message);
  lane->stored_due = std::min(lane->stored_due, delivery.due_time);
  Replan(*lane);
}

void ShardScheduler::NoteStoredLocked(const WebhookId& webhook, absl::Time due_time) {
  Lane* const lane = FindOrAddLane(webhook);
  if (lane == nullptr) return;
  lane->stored_due = std::min(lane->stored_due, due_time);
  Replan(*lane);
}

// --- what is stored already ---

ShardScheduler::Loads ShardScheduler::TakeLoads() {
  absl::MutexLock lock(&mutex_);
  ReplanDue();
  const absl::Time now = clock_.Now();
  Loads loads;
  loads.search_before = now + options_.horizon;
  loads.search_limit = options_.shard_capacity;
  for (auto& [slot, shard] : shards_) {
    if (loads.searches.size() == kSearchesAtOnce) break;
    if (shard.searching || shard.next_search > now) continue;
    shard.searching = true;
    loads.searches.push_back(shard.lease);
  }

  while (!to_fetch_.empty() && loads.fetches.size() < kFetchesAtOnce) {
    Lane* const lane = FindLane(to_fetch_.front());
    to_fetch_.pop_front();
    if (lane == nullptr || !lane->in_to_fetch) continue;
    lane->in_to_fetch = false;
    lane->fetching = true;
    lane->stored_due = absl::InfiniteFuture();  // what is found, or noted meanwhile, lowers it
    loads.fetches.push_back({lane->webhook, lane->lease});
    // Room for all that is known and will be found again.
    const int limit = static_cast<int>(lane->known.size()) + options_.webhook_capacity;
    loads.fetch_limit = std::max(loads.fetch_limit, limit);
  }
  return loads;
}

void ShardScheduler::Searched(const lease::Lease& lease, const std::vector<StoredWebhook>& found) {
  absl::MutexLock lock(&mutex_);
  Shard* const shard = FindShard(lease);
  if (shard == nullptr) return;
  // Shards are often gained together; their searches spread over the interval after the first.
  const double share =
      shard->searched ? 1.0 : static_cast<double>(lease.slot % kShardCount + 1) / kShardCount;
  shard->searching = false;
  shard->searched = true;
  shard->next_search = clock_.Now() + options_.reload_interval * share;
  for (const StoredWebhook& stored : found) {
    NoteStoredLocked(stored.webhook, stored.earliest_due_time);
  }
}

void ShardScheduler::SearchFailed(const lease::Lease& lease) {
  absl::MutexLock lock(&mutex_);
  Shard* const shard = FindShard(lease);
  if (shard == nullptr) return;
  shard->searching = false;
  shard->next_search = clock_.Now() + kRetryDelay;
}

void ShardScheduler::Fetched(const Fetch& fetch, std::vector<QueuedDelivery> rows, int limit) {
  absl::MutexLock lock(&mutex_);
  Lane* const lane = FindLane(fetch.webhook, fetch.lease);
  if (lane == nullptr) return;
  const absl::Time near_future = clock_.Now() + options_.near_future;
  absl::Time rest =
      static_cast<int>(rows.size()) < limit ? absl::InfiniteFuture() : rows.back().due_time;
  for (QueuedDelivery& row : rows) {
    if (lane->known.contains(row.id.message)) continue;
    if (row.due_time > near_future) {
      rest = row.due_time;
      break;
    }
    Remember(*lane, row.id.message);
    lane->Wait(std::move(row));
  }
  lane->stored_due = std::min(lane->stored_due, rest);
  lane->fetching = false;
  for (const MessageId& id : lane->forget_after_fetch) Forget(*lane, id);
  lane->forget_after_fetch.clear();
  Replan(*lane);
}

void ShardScheduler::FetchFailed(const Fetch& fetch) {
  absl::MutexLock lock(&mutex_);
  Lane* const lane = FindLane(fetch.webhook, fetch.lease);
  if (lane == nullptr) return;
  lane->fetching = false;
  for (const MessageId& id : lane->forget_after_fetch) Forget(*lane, id);
  lane->forget_after_fetch.clear();
  lane->stored_due = std::min(lane->stored_due, clock_.Now() + kLookAhead + kRetryDelay);
  Replan(*lane);
}

void ShardScheduler::SearchAll() {
  absl::MutexLock lock(&mutex_);
  for (auto& [slot, shard] : shards_) shard.next_search = absl::InfinitePast();
  changed_.SignalAll();
}

// --- attempts ---

std::vector<Claim> ShardScheduler::TakeReady(int max) {
  absl::MutexLock lock(&mutex_);
  ReplanDue();
  const absl::Time now = clock_.Now();
  const int count = std::min(max, Free());
  std::vector<Claim> claims;
  while (static_cast<int>(claims.size()) < count && !ready_.empty()) {
    Lane* const lane = FindLane(ready_.front());
    ready_.pop_front();
    if (lane == nullptr || !lane->in_ready) continue;
    lane->in_ready = false;
    if (IsReady(*lane, now)) {
      const auto first = lane->waiting.begin();
      claims.push_back({lane->lease, std::move(first->second)});
      lane->waiting.erase(first);
      ++lane->in_flight;
      ++in_flight_;
      ++unsettled_;
    }
    Replan(*lane);  // to the back of the ring if it has more
  }
  return claims;
}

void ShardScheduler::PutBack(Claim claim) {
  absl::MutexLock lock(&mutex_);
  --in_flight_;
  --unsettled_;
  changed_.SignalAll();
  Lane* const lane = FindLane(claim.delivery.id.webhook, claim.lease);
  if (lane == nullptr) return;
  --lane->in_flight;
  lane->Wait(std::move(claim.delivery));
  Replan(*lane);
}

void ShardScheduler::Answered(const Claim& claim) {
  absl::MutexLock lock(&mutex_);
  --in_flight_;
  changed_.SignalAll();
  Lane* const lane = FindLane(claim.delivery.id.webhook, claim.lease);
  if (lane == nullptr) return;
  --lane->in_flight;
  Replan(*lane);
}

void ShardScheduler::Settled(const Claim& claim) {
  absl::MutexLock lock(&mutex_);
  --unsettled_;
  changed_.SignalAll();
  Lane* const lane = FindLane(claim.delivery.id.webhook, claim.lease);
  if (lane == nullptr) return;
  Forget(*lane, claim.delivery.id.message);
  Replan(*lane);
}

void ShardScheduler::Requeued(const Claim& claim, absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  --unsettled_;
  changed_.SignalAll();
  Lane* const lane = FindLane(claim.delivery.id.webhook, claim.lease);
  if (lane == nullptr) return;
  if (due_time <= clock_.Now() + options_.near_future && HasRoom(*lane)) {
    QueuedDelivery delivery = claim.delivery;
    ++delivery.attempt_count;
    delivery.due_time = due_time;
    lane->Wait(std::move(delivery));
  } else {
    Forget(*lane, claim.delivery.id.message);
    lane->stored_due = std::min(lane->stored_due, due_time);
  }
  Replan(*lane);
}

void ShardScheduler::Forgotten(const Claim& claim, absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  --unsettled_;
  changed_.SignalAll();
  Lane* const lane = FindLane(claim.delivery.id.webhook, claim.lease);
  if (lane == nullptr) return;
  Forget(*lane, claim.delivery.id.message);
  lane->stored_due = std::min(lane->stored_due, due_time);
  Replan(*lane);
}

int ShardScheduler::size() const {
  absl::MutexLock lock(&mutex_);
  return size_;
}

// --- waiting ---

bool ShardScheduler::WaitForLoads(absl::Duration at_most) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration give_up = clock_.Monotonic() + at_most;
  while (!interrupted_ && !HasLoads()) {
    const absl::Duration left = give_up - clock_.Monotonic();
    if (left <= absl::ZeroDuration()) break;
    const absl::Duration change = std::min(NextTimer(), NextSearch()) - clock_.Now();
    changed_.WaitWithTimeout(&mutex_, std::min(left, change));
  }
  return !interrupted_;
}

bool ShardScheduler::WaitForReady(absl::Duration at_most) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration give_up = clock_.Monotonic() + at_most;
  while (!interrupted_ && !HasReady()) {
    const absl::Duration left = give_up - clock_.Monotonic();
    if (left <= absl::ZeroDuration()) break;
    changed_.WaitWithTimeout(&mutex_, std::min(left, NextTimer() - clock_.Now()));
  }
  return !interrupted_;
}

bool ShardScheduler::WaitUntilSettled(absl::Duration at_most) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration give_up = clock_.Monotonic() + at_most;
  while (unsettled_ > 0) {
    const absl::Duration left = give_up - clock_.Monotonic();
    if (left <= absl::ZeroDuration()) return false;
    changed_.WaitWithTimeout(&mutex_, left);
  }
  return true;
}

void ShardScheduler::Interrupt() {
  absl::MutexLock lock(&mutex_);
  interrupted_ = true;
  changed_.SignalAll();
}

bool ShardScheduler::HasLoads() {
  ReplanDue();
  return !to_fetch_.empty() || NextSearch() <= clock_.Now();
}

bool ShardScheduler::HasReady() {
  ReplanDue();
  return !ready_.empty() && Free() > 0;
}

int ShardScheduler::Free() const {
  return std::max(
      0, std::min(options_.max_in_flight - in_flight_, options_.max_unsettled - unsettled_));
}

absl::Time ShardScheduler::NextTimer() const {
  return timers_.empty() ? absl::InfiniteFuture() : timers_.begin()->first;
}

absl::Time ShardScheduler::NextSearch() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [slot, shard] : shards_) {
    if (!shard.searching) next = std::min(next, shard.next_search);
  }
  return next;
}

// --- lanes ---

ShardScheduler::Shard* ShardScheduler::FindShard(const lease::Lease& lease) {
  const auto shard = shards_.find(lease.slot);
  return shard != shards_.end() && shard->second.lease == lease ? &shard->second : nullptr;
}

ShardScheduler::Lane* ShardScheduler::FindLane(const WebhookId& webhook) {
  const auto lane = lanes_.find(webhook);
  return lane == lanes_.end() ? nullptr : lane->second.get();
}

ShardScheduler::Lane* ShardScheduler::FindLane(const WebhookId& webhook,
                                               const lease::Lease& lease) {
  Lane* const lane = FindLane(webhook);
  return lane != nullptr && lane->lease == lease ? lane : nullptr;
}

ShardScheduler::Lane* ShardScheduler::FindOrAddLane(const WebhookId& webhook) {
  if (Lane* const lane = FindLane(webhook); lane != nullptr) return lane;
  const auto shard = shards_.find(ShardOf(webhook));
  if (shard == shards_.end() || shard->second.lanes >= options_.shard_capacity) return nullptr;
  ++shard->second.lanes;
  auto lane = std::make_unique<Lane>();
  lane->webhook = webhook;
  lane->lease = shard->second.lease;
  return lanes_.emplace(webhook, std::move(lane)).first->second.get();
}

void ShardScheduler::RemoveLane(Lane& lane) {
  if (lane.timer != absl::InfiniteFuture()) timers_.erase({lane.timer, &lane});
  size_ -= static_cast<int>(lane.known.size());
  --shards_.at(lane.lease.slot).lanes;
  lanes_.erase(WebhookId(lane.webhook));
}

void ShardScheduler::Remember(Lane& lane, const MessageId& id) {
  if (lane.known.insert(id).second) ++size_;
}

void ShardScheduler::Forget(Lane& lane, const MessageId& id) {
  if (lane.fetching) {
    lane.forget_after_fetch.push_back(id);
  } else {
    size_ -= static_cast<int>(lane.known.erase(id));
  }
}

bool ShardScheduler::IsReady(const Lane& lane, absl::Time now) const {
  return lane.in_flight < options_.webhook_concurrency && !lane.waiting.empty() &&
         lane.waiting.begin()->first.first <= now;
}

bool ShardScheduler::HasRoom(const Lane& lane) const {
  return static_cast<int>(lane.waiting.size()) <= options_.webhook_capacity / 2;
}

bool ShardScheduler::IsIdle(const Lane& lane, absl::Time now) const {
  return lane.known.empty() && !lane.fetching && lane.stored_due > now + options_.horizon;
}

void ShardScheduler::Replan(Lane& lane) {
  const absl::Time now = clock_.Now();
  if (lane.timer != absl::InfiniteFuture()) timers_.erase({lane.timer, &lane});
  lane.timer = absl::InfiniteFuture();
  if (IsIdle(lane, now)) {
    RemoveLane(lane);
    return;
  }

  if (IsReady(lane, now)) {
    if (!lane.in_ready) ready_.push_back(lane.webhook);
    lane.in_ready = true;
  } else if (lane.in_flight < options_.webhook_concurrency && !lane.waiting.empty()) {
    lane.timer = lane.waiting.begin()->first.first;
  }

  if (!lane.fetching && !lane.in_to_fetch && HasRoom(lane)) {
    const absl::Time fetch_time = lane.stored_due - kLookAhead;
    if (fetch_time <= now) {
      lane.in_to_fetch = true;
      to_fetch_.push_back(lane.webhook);
    } else {
      lane.timer = std::min(lane.timer, fetch_time);
    }
  }
  if (lane.timer != absl::InfiniteFuture()) timers_.insert({lane.timer, &lane});
  changed_.SignalAll();
}

void ShardScheduler::ReplanDue() {
  const absl::Time now = clock_.Now();
  while (!timers_.empty() && timers_.begin()->first <= now) Replan(*timers_.begin()->second);
}

}  // namespace crier::delivery
