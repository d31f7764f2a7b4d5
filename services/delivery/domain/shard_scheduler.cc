#include "services/delivery/domain/shard_scheduler.h"

#include <algorithm>

namespace crier::delivery {
namespace {

// Shards searched, and webhooks looked up, in one go of the loader: few enough that neither keeps
// the other waiting.
constexpr size_t kSearchesAtOnce = 4;
constexpr size_t kFetchesAtOnce = 64;

// After the database has failed to answer.
constexpr absl::Duration kRetryDelay = absl::Seconds(1);

}  // namespace

ShardScheduler::ShardScheduler(const Clock& clock, const SchedulerOptions& options)
    : clock_(clock), options_(options) {}

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
  std::vector<Entry*> lost;
  for (const auto& [webhook, entry] : lanes_) {
    if (entry->lane.lease().slot == slot) lost.push_back(entry.get());
  }
  for (Entry* entry : lost) Remove(*entry);
  shards_.erase(slot);
}

// --- what was enqueued here ---

bool ShardScheduler::Expect(const QueuedDelivery& delivery) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = FindOrAdd(delivery.id.webhook);
  if (entry == nullptr) return false;
  const bool expected = entry->lane.Expect(delivery);
  Replan(*entry, clock_.Now());
  return expected;
}

void ShardScheduler::Offer(QueuedDelivery delivery) {
  absl::MutexLock lock(&mutex_);
  const WebhookId webhook = delivery.id.webhook;
  const absl::Time due_time = delivery.due_time;
  Entry* const entry = Find(webhook);
  if (entry != nullptr && entry->lane.Offer(std::move(delivery))) {
    Replan(*entry, clock_.Now());
  } else {
    NoteStoredLocked(webhook, due_time);  // the lease came or went since it was expected
  }
}

void ShardScheduler::NoteStored(const WebhookId& webhook, absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  NoteStoredLocked(webhook, due_time);
}

void ShardScheduler::ForgetExpected(const QueuedDelivery& delivery) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = Find(delivery.id.webhook);
  if (entry != nullptr && entry->lane.ForgetExpected(delivery)) Replan(*entry, clock_.Now());
}

void ShardScheduler::NoteStoredLocked(const WebhookId& webhook, absl::Time due_time) {
  Entry* const entry = FindOrAdd(webhook);
  if (entry == nullptr) return;
  entry->lane.NoteStored(due_time);
  Replan(*entry, clock_.Now());
}

// --- what is stored already ---

ShardScheduler::Loads ShardScheduler::TakeLoads() {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  ReplanDue(now);
  Loads loads;
  loads.search_before = now + options_.lane.horizon;
  loads.search_limit = options_.shard_capacity;
  for (auto& [slot, shard] : shards_) {
    if (loads.searches.size() == kSearchesAtOnce) break;
    if (shard.searching || shard.next_search > now) continue;
    shard.searching = true;
    loads.searches.push_back(shard.lease);
  }

  while (!to_fetch_.empty() && loads.fetches.size() < kFetchesAtOnce) {
    Entry* const entry = Find(to_fetch_.front());
    to_fetch_.pop_front();
    if (entry == nullptr || !entry->in_to_fetch) continue;
    entry->in_to_fetch = false;
    loads.fetches.push_back({entry->lane.webhook(), entry->lane.lease()});
    loads.fetch_limit = std::max(loads.fetch_limit, entry->lane.BeginFetch());
    Replan(*entry, now);
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
  Entry* const entry = Find(fetch.webhook, fetch.lease);
  if (entry == nullptr) return;
  const absl::Time now = clock_.Now();
  entry->lane.EndFetch(std::move(rows), limit, now);
  Replan(*entry, now);
}

void ShardScheduler::FetchFailed(const Fetch& fetch) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = Find(fetch.webhook, fetch.lease);
  if (entry == nullptr) return;
  const absl::Time now = clock_.Now();
  entry->lane.FailFetch(now);
  Replan(*entry, now);
}

void ShardScheduler::SearchAll() {
  absl::MutexLock lock(&mutex_);
  for (auto& [slot, shard] : shards_) shard.next_search = absl::InfinitePast();
  changed_.SignalAll();
}

// --- attempts ---

std::vector<Claim> ShardScheduler::TakeReady(int max) {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  ReplanDue(now);
  const int count = std::min(max, Free());
  std::vector<Claim> claims;
  while (static_cast<int>(claims.size()) < count && !ready_.empty()) {
    Entry* const entry = Find(ready_.front());
    ready_.pop_front();
    if (entry == nullptr || !entry->in_ready) continue;
    entry->in_ready = false;
    if (entry->lane.IsReady(now)) {
      claims.push_back({entry->lane.lease(), entry->lane.Take()});
      ++in_flight_;
      ++unsettled_;
    }
    Replan(*entry, now);  // to the back of the ring if it has more
  }
  return claims;
}

void ShardScheduler::PutBack(Claim claim) {
  absl::MutexLock lock(&mutex_);
  --in_flight_;
  --unsettled_;
  changed_.SignalAll();
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return;
  entry->lane.PutBack(std::move(claim.delivery));
  Replan(*entry, clock_.Now());
}

void ShardScheduler::Answered(const Claim& claim) {
  absl::MutexLock lock(&mutex_);
  --in_flight_;
  changed_.SignalAll();
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return;
  entry->lane.Answered();
  Replan(*entry, clock_.Now());
}

void ShardScheduler::Settled(const Claim& claim) {
  absl::MutexLock lock(&mutex_);
  --unsettled_;
  changed_.SignalAll();
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return;
  entry->lane.Settled(claim.delivery.id.message);
  Replan(*entry, clock_.Now());
}

void ShardScheduler::Requeued(const Claim& claim, absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  --unsettled_;
  changed_.SignalAll();
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return;
  const absl::Time now = clock_.Now();
  entry->lane.Requeued(claim.delivery, due_time, now);
  Replan(*entry, now);
}

void ShardScheduler::Forgotten(const Claim& claim, absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  --unsettled_;
  changed_.SignalAll();
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return;
  entry->lane.Forgotten(claim.delivery.id.message, due_time);
  Replan(*entry, clock_.Now());
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
  const absl::Time now = clock_.Now();
  ReplanDue(now);
  return !to_fetch_.empty() || NextSearch() <= now;
}

bool ShardScheduler::HasReady() {
  ReplanDue(clock_.Now());
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

ShardScheduler::Entry* ShardScheduler::Find(const WebhookId& webhook) {
  const auto entry = lanes_.find(webhook);
  return entry == lanes_.end() ? nullptr : entry->second.get();
}

ShardScheduler::Entry* ShardScheduler::Find(const WebhookId& webhook, const lease::Lease& lease) {
  Entry* const entry = Find(webhook);
  return entry != nullptr && entry->lane.lease() == lease ? entry : nullptr;
}

ShardScheduler::Entry* ShardScheduler::FindOrAdd(const WebhookId& webhook) {
  if (Entry* const entry = Find(webhook); entry != nullptr) return entry;
  const auto shard = shards_.find(ShardOf(webhook));
  if (shard == shards_.end() || shard->second.lanes >= options_.shard_capacity) return nullptr;
  ++shard->second.lanes;
  auto entry = std::make_unique<Entry>(Lane(webhook, shard->second.lease, options_.lane));
  return lanes_.emplace(webhook, std::move(entry)).first->second.get();
}

void ShardScheduler::Remove(Entry& entry) {
  if (entry.timer != absl::InfiniteFuture()) timers_.erase({entry.timer, &entry});
  size_ -= entry.counted;
  --shards_.at(entry.lane.lease().slot).lanes;
  lanes_.erase(WebhookId(entry.lane.webhook()));
}

void ShardScheduler::Replan(Entry& entry, absl::Time now) {
  const Lane& lane = entry.lane;
  if (lane.IsIdle(now)) {
    Remove(entry);
    return;
  }
  size_ += lane.size() - entry.counted;
  entry.counted = lane.size();

  if (lane.IsReady(now) && !entry.in_ready) {
    entry.in_ready = true;
    ready_.push_back(lane.webhook());
  }
  if (lane.WantsFetch(now) && !entry.in_to_fetch) {
    entry.in_to_fetch = true;
    to_fetch_.push_back(lane.webhook());
  }
  if (entry.timer != absl::InfiniteFuture()) timers_.erase({entry.timer, &entry});
  entry.timer = lane.NextChange(now);
  if (entry.timer != absl::InfiniteFuture()) timers_.insert({entry.timer, &entry});
  changed_.SignalAll();
}

void ShardScheduler::ReplanDue(absl::Time now) {
  while (!timers_.empty() && timers_.begin()->first <= now) Replan(*timers_.begin()->second, now);
}

}  // namespace crier::delivery
