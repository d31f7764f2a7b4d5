#include "services/delivery/domain/queue/shard_scheduler.h"

#include <algorithm>
#include <utility>
#include <vector>

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
    : clock_(clock), options_(options), lanes_(options) {}

// --- leases ---

void ShardScheduler::Gain(const lease::Lease& lease) {
  absl::MutexLock lock(&mutex_);
  if (FindShard(lease) != nullptr) return;
  DropShard(lease.slot);
  Shard shard;
  shard.lease = lease;
  shards_.emplace(lease.slot, shard);
  loads_changed_.SignalAll();
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
  lanes_.RemoveShard(slot);
  shards_.erase(slot);
  TellOfTurns();
}

// --- what was enqueued here ---

bool ShardScheduler::Expect(const QueuedDelivery& delivery) {
  absl::MutexLock lock(&mutex_);
  Lanes::Entry* const entry = FindOrAdd(delivery.id.webhook);
  if (entry == nullptr) return false;
  const bool expected = entry->lane.Expect(delivery);
  Replan(*entry, Now());
  return expected;
}

void ShardScheduler::Offer(QueuedDelivery delivery) {
  absl::MutexLock lock(&mutex_);
  const WebhookId webhook = delivery.id.webhook;
  const absl::Time due_time = delivery.due_time;
  Lanes::Entry* const entry = lanes_.Find(webhook);
  if (entry != nullptr && entry->lane.Offer(std::move(delivery))) {
    Replan(*entry, Now());
  } else {
    NoteStoredLocked(webhook, due_time);  // the lease came or went since it was expected
  }
}

void ShardScheduler::NoteStored(const WebhookId& webhook, absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  NoteStoredLocked(webhook, due_time);
}

void ShardScheduler::TryNow(const WebhookId& webhook) {
  absl::MutexLock lock(&mutex_);
  Lanes::Entry* const entry = FindOrAdd(webhook);
  if (entry == nullptr) return;
  entry->lane.TryNow();
  Replan(*entry, Now());
}

void ShardScheduler::ForgetExpected(const QueuedDelivery& delivery) {
  absl::MutexLock lock(&mutex_);
  Lanes::Entry* const entry = lanes_.Find(delivery.id.webhook);
  if (entry != nullptr && entry->lane.ForgetExpected(delivery)) Replan(*entry, Now());
}

void ShardScheduler::NoteStoredLocked(const WebhookId& webhook, absl::Time due_time) {
  Lanes::Entry* const entry = FindOrAdd(webhook);
  if (entry == nullptr) return;
  entry->lane.NoteStored(due_time);
  Replan(*entry, Now());
}

// --- what is stored already ---

ShardScheduler::Loads ShardScheduler::TakeLoads() {
  absl::MutexLock lock(&mutex_);
  const Moment now = Now();
  ReplanDue(now);
  Loads loads;
  loads.search_before = now.wall + options_.lane.horizon;
  loads.fetch_before = now.wall + options_.lane.near_future;
  loads.search_limit = options_.shard_capacity;
  for (auto& [slot, shard] : shards_) {
    if (loads.searches.size() == kSearchesAtOnce) break;
    if (shard.searching || shard.next_search > now.wall) continue;
    shard.searching = true;
    loads.searches.push_back(shard.lease);
  }

  while (loads.fetches.size() < kFetchesAtOnce) {
    Lanes::Entry* const entry = lanes_.NextFetch();
    if (entry == nullptr) break;
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

void ShardScheduler::Fetched(const Fetch& fetch, std::vector<QueuedDelivery> rows,
                             absl::Time before, int limit) {
  absl::MutexLock lock(&mutex_);
  Lanes::Entry* const entry = lanes_.Find(fetch.webhook, fetch.lease);
  if (entry == nullptr) return;
  const Moment now = Now();
  entry->lane.EndFetch(std::move(rows), before, limit);
  Replan(*entry, now);
}

void ShardScheduler::FetchFailed(const Fetch& fetch) {
  absl::MutexLock lock(&mutex_);
  Lanes::Entry* const entry = lanes_.Find(fetch.webhook, fetch.lease);
  if (entry == nullptr) return;
  const Moment now = Now();
  entry->lane.FailFetch(now);
  Replan(*entry, now);
}

void ShardScheduler::SearchAll() {
  absl::MutexLock lock(&mutex_);
  for (auto& [slot, shard] : shards_) shard.next_search = absl::InfinitePast();
  loads_changed_.SignalAll();
}

// --- attempts ---

std::vector<Claim> ShardScheduler::TakeReady(int max) {
  absl::MutexLock lock(&mutex_);
  const Moment now = Now();
  ReplanDue(now);
  std::vector<Claim> claims;
  while (static_cast<int>(claims.size()) < max) {
    Lanes::Entry* const entry = lanes_.NextTurn();
    if (entry == nullptr) break;
    if (entry->lane.IsReady(now)) {
      claims.push_back({entry->lane.lease(), entry->lane.Take(now), entry->lane.news()});
      lanes_.Taken(claims.back().lease);
    }
    Replan(*entry, now);  // to the end of its round if it has more
  }
  return claims;
}

bool ShardScheduler::SetLimits(const WebhookId& webhook, int max_concurrency,
                               int attempts_per_minute) {
  absl::MutexLock lock(&mutex_);
  Lanes::Entry* const entry = lanes_.Find(webhook);
  if (entry == nullptr) return true;
  const Moment now = Now();
  const bool changed = entry->lane.SetLimits(max_concurrency, attempts_per_minute);
  const bool within = !entry->lane.pace().Exceeds(now.monotonic);
  if (changed) Replan(*entry, now);
  return within;
}

void ShardScheduler::PutBack(Claim claim) {
  absl::MutexLock lock(&mutex_);
  Settle(claim);
  Lanes::Entry* const entry = lanes_.Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return FreeOrphan();
  const Moment now = Now();
  entry->lane.PutBack(std::move(claim.delivery), now);
  Replan(*entry, now);
}

void ShardScheduler::Held(const Claim& claim) {
  absl::MutexLock lock(&mutex_);
  Settle(claim);
  Lanes::Entry* const entry = lanes_.Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return FreeOrphan();
  const Moment now = Now();
  entry->lane.Hold(claim.delivery, claim.taken_at, now);
  Replan(*entry, now);
}

Circuit ShardScheduler::Answered(const Claim& claim, const Answer& answer) {
  absl::MutexLock lock(&mutex_);
  Lanes::Entry* const entry = lanes_.Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) {
    FreeOrphan();
    return Circuit::kClosed;
  }
  const Moment now = Now();
  entry->lane.Answered(answer, claim.taken_at, now);
  const Circuit circuit = entry->lane.pace().circuit(now.monotonic);
  Replan(*entry, now);
  return circuit;
}

void ShardScheduler::NotAttempted(const Claim& claim) {
  absl::MutexLock lock(&mutex_);
  Lanes::Entry* const entry = lanes_.Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return FreeOrphan();
  const Moment now = Now();
  entry->lane.NotAttempted(now);
  Replan(*entry, now);
}

void ShardScheduler::Settled(const Claim& claim) {
  absl::MutexLock lock(&mutex_);
  Settle(claim);
  Lanes::Entry* const entry = lanes_.Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return;
  entry->lane.Settled(claim.delivery.id.message, claim.taken_at);
  Replan(*entry, Now());
}

void ShardScheduler::Requeued(const Claim& claim, absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  Settle(claim);
  Lanes::Entry* const entry = lanes_.Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return;
  const Moment now = Now();
  entry->lane.Requeued(claim.delivery, claim.taken_at, due_time, now);
  Replan(*entry, now);
}

void ShardScheduler::Forgotten(const Claim& claim, absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  Settle(claim);
  Lanes::Entry* const entry = lanes_.Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return;
  entry->lane.Forgotten(claim.delivery.id.message, due_time);
  Replan(*entry, Now());
}

int ShardScheduler::size() const {
  absl::MutexLock lock(&mutex_);
  return lanes_.size();
}

int ShardScheduler::unsettled() const {
  absl::MutexLock lock(&mutex_);
  return lanes_.unsettled();
}

std::array<int64_t, 3> ShardScheduler::circuit_changes() const {
  absl::MutexLock lock(&mutex_);
  return lanes_.circuit_changes();
}

bool ShardScheduler::IsUnsettled(const lease::Lease& lease) const {
  absl::MutexLock lock(&mutex_);
  return lanes_.IsUnsettled(lease);
}

// --- waiting ---

bool ShardScheduler::WaitForLoads(absl::Duration at_most) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration give_up = clock_.Monotonic() + at_most;
  while (!interrupted_ && !HasLoads()) {
    const absl::Duration left = give_up - clock_.Monotonic();
    if (left <= absl::ZeroDuration()) break;
    const absl::Duration change = std::min(lanes_.NextTimer(), NextSearch()) - clock_.Now();
    loads_changed_.WaitWithTimeout(&mutex_, std::min(left, change));
  }
  return !interrupted_;
}

bool ShardScheduler::WaitForReady(absl::Duration at_most) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration give_up = clock_.Monotonic() + at_most;
  while (!interrupted_ && !HasReady()) {
    const absl::Duration left = give_up - clock_.Monotonic();
    if (left <= absl::ZeroDuration()) break;
    ready_changed_.WaitWithTimeout(&mutex_, std::min(left, lanes_.NextTimer() - clock_.Now()));
  }
  return !interrupted_;
}

bool ShardScheduler::WaitUntilSettled(absl::Duration at_most) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration give_up = clock_.Monotonic() + at_most;
  while (lanes_.unsettled() > 0) {
    const absl::Duration left = give_up - clock_.Monotonic();
    if (left <= absl::ZeroDuration()) return false;
    settled_.WaitWithTimeout(&mutex_, left);
  }
  return true;
}

void ShardScheduler::Interrupt() {
  absl::MutexLock lock(&mutex_);
  interrupted_ = true;
  loads_changed_.SignalAll();
  ready_changed_.SignalAll();
}

bool ShardScheduler::HasLoads() {
  const Moment now = Now();
  ReplanDue(now);
  return lanes_.HasFetch() || NextSearch() <= now.wall;
}

bool ShardScheduler::HasReady() {
  ReplanDue(Now());
  return lanes_.HasTurn();
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

Lanes::Entry* ShardScheduler::FindOrAdd(const WebhookId& webhook) {
  const auto shard = shards_.find(ShardOf(webhook));
  return shard == shards_.end() ? nullptr : lanes_.FindOrAdd(webhook, shard->second.lease);
}

void ShardScheduler::Replan(Lanes::Entry& entry, Moment now) { Tell(lanes_.Replan(entry, now)); }

void ShardScheduler::ReplanDue(Moment now) { Tell(lanes_.ReplanDue(now)); }

void ShardScheduler::Tell(const Lanes::News& news) {
  if (news.fetch || news.timer) loads_changed_.SignalAll();
  if (news.timer || lanes_.HasTurn()) ready_changed_.SignalAll();
}

void ShardScheduler::TellOfTurns() {
  if (lanes_.HasTurn()) ready_changed_.SignalAll();
}

void ShardScheduler::FreeOrphan() {
  lanes_.FreeOrphan();
  TellOfTurns();
}

void ShardScheduler::Settle(const Claim& claim) {
  lanes_.Settled(claim.lease);
  if (lanes_.unsettled() == 0) settled_.SignalAll();
  TellOfTurns();
}

}  // namespace crier::delivery
