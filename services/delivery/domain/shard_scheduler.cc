#include "services/delivery/domain/shard_scheduler.h"

#include <algorithm>
#include <optional>

namespace crier::delivery {
namespace {

// Shards searched, and webhooks looked up, in one go of the loader: few enough that neither keeps
// the other waiting.
constexpr size_t kSearchesAtOnce = 4;
constexpr size_t kFetchesAtOnce = 64;

// One turn in so many is for suspects first, and one for retries first.
constexpr uint64_t kSuspectShare = 4;
constexpr uint64_t kRetryShare = 8;

// The clocks may drift apart by as much before timers are set anew.
constexpr absl::Duration kClockStep = absl::Milliseconds(500);

// Of a lane's capacity, where memory is scarce.
constexpr int kScarce = 8;

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
  std::vector<Entry*> lost;
  for (const auto& [webhook, entry] : lanes_) {
    if (entry->lane.lease().slot == slot) lost.push_back(entry.get());
  }
  for (Entry* entry : lost) Remove(*entry);
  shards_.erase(slot);
  if (HasTurn()) ready_changed_.SignalAll();
}

// --- what was enqueued here ---

bool ShardScheduler::Expect(const QueuedDelivery& delivery) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = FindOrAdd(delivery.id.webhook);
  if (entry == nullptr) return false;
  const bool expected = entry->lane.Expect(delivery);
  Replan(*entry, Now());
  return expected;
}

void ShardScheduler::Offer(QueuedDelivery delivery) {
  absl::MutexLock lock(&mutex_);
  const WebhookId webhook = delivery.id.webhook;
  const absl::Time due_time = delivery.due_time;
  Entry* const entry = Find(webhook);
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

void ShardScheduler::ForgetExpected(const QueuedDelivery& delivery) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = Find(delivery.id.webhook);
  if (entry != nullptr && entry->lane.ForgetExpected(delivery)) Replan(*entry, Now());
}

void ShardScheduler::NoteStoredLocked(const WebhookId& webhook, absl::Time due_time) {
  Entry* const entry = FindOrAdd(webhook);
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

void ShardScheduler::Fetched(const Fetch& fetch, std::vector<QueuedDelivery> rows,
                             absl::Time before, int limit) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = Find(fetch.webhook, fetch.lease);
  if (entry == nullptr) return;
  const Moment now = Now();
  entry->lane.EndFetch(std::move(rows), before, limit);
  Replan(*entry, now);
}

void ShardScheduler::FetchFailed(const Fetch& fetch) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = Find(fetch.webhook, fetch.lease);
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
    Entry* const entry = NextTurn();
    if (entry == nullptr) break;
    if (entry->lane.IsReady(now)) {
      claims.push_back({entry->lane.lease(), entry->lane.Take(now), entry->lane.notes()});
      ++unsettled_;
    }
    Replan(*entry, now);  // to the end of its round if it has more
  }
  return claims;
}

ShardScheduler::Entry* ShardScheduler::NextTurn() {
  ++turn_;
  const bool suspects_first = turn_ % kSuspectShare == 0;
  const bool retries_first = turn_ % kRetryShare < 2;  // of either kind of receiver
  for (const bool suspect : {suspects_first, !suspects_first}) {
    if (!HasPlace(suspect)) continue;
    for (const bool retry : {retries_first, !retries_first}) {
      Turns& round = rounds_[suspect][retry];
      while (const std::optional<Turns::Turn> turn = round.Next()) {
        Entry* const entry = Find(turn->webhook);
        const bool left = entry == nullptr || entry->round != &round;
        if (left || entry->ticket != turn->ticket) continue;
        entry->round = nullptr;
        return entry;
      }
    }
  }
  return nullptr;
}

void ShardScheduler::SetLimits(const WebhookId& webhook, int max_concurrency,
                               int attempts_per_minute) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = Find(webhook);
  if (entry == nullptr) return;
  entry->lane.SetLimits(max_concurrency, attempts_per_minute);
}

void ShardScheduler::PutBack(Claim claim) {
  absl::MutexLock lock(&mutex_);
  Unsettle();
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return FreeOrphan();
  const Moment now = Now();
  entry->lane.PutBack(std::move(claim.delivery), now);
  Replan(*entry, now);
}

void ShardScheduler::Held(const Claim& claim) {
  absl::MutexLock lock(&mutex_);
  Unsettle();
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return FreeOrphan();
  const Moment now = Now();
  entry->lane.Hold(claim.delivery, claim.notes, now);
  Replan(*entry, now);
}

void ShardScheduler::Answered(const Claim& claim, const Answer& answer) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return FreeOrphan();
  const Moment now = Now();
  entry->lane.Answered(answer, now);
  Replan(*entry, now);
}

void ShardScheduler::NotAttempted(const Claim& claim) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return FreeOrphan();
  const Moment now = Now();
  entry->lane.NotAttempted(now);
  Replan(*entry, now);
}

void ShardScheduler::Settled(const Claim& claim) {
  absl::MutexLock lock(&mutex_);
  Unsettle();
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return;
  entry->lane.Settled(claim.delivery.id.message);
  Replan(*entry, Now());
}

void ShardScheduler::Requeued(const Claim& claim, absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  Unsettle();
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return;
  const Moment now = Now();
  entry->lane.Requeued(claim.delivery, due_time, now);
  Replan(*entry, now);
}

void ShardScheduler::Forgotten(const Claim& claim, absl::Time due_time) {
  absl::MutexLock lock(&mutex_);
  Unsettle();
  Entry* const entry = Find(claim.delivery.id.webhook, claim.lease);
  if (entry == nullptr) return;
  entry->lane.Forgotten(claim.delivery.id.message, due_time);
  Replan(*entry, Now());
}

int ShardScheduler::size() const {
  absl::MutexLock lock(&mutex_);
  return size_;
}

int ShardScheduler::unsettled() const {
  absl::MutexLock lock(&mutex_);
  return unsettled_;
}

std::array<int64_t, 3> ShardScheduler::circuit_changes() const {
  absl::MutexLock lock(&mutex_);
  return circuit_changes_;
}

// --- waiting ---

bool ShardScheduler::WaitForLoads(absl::Duration at_most) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration give_up = clock_.Monotonic() + at_most;
  while (!interrupted_ && !HasLoads()) {
    const absl::Duration left = give_up - clock_.Monotonic();
    if (left <= absl::ZeroDuration()) break;
    const absl::Duration change = std::min(NextTimer(), NextSearch()) - clock_.Now();
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
    ready_changed_.WaitWithTimeout(&mutex_, std::min(left, NextTimer() - clock_.Now()));
  }
  return !interrupted_;
}

bool ShardScheduler::WaitUntilSettled(absl::Duration at_most) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration give_up = clock_.Monotonic() + at_most;
  while (unsettled_ > 0) {
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
  return !to_fetch_.empty() || NextSearch() <= now.wall;
}

bool ShardScheduler::HasReady() {
  ReplanDue(Now());
  return HasTurn();
}

bool ShardScheduler::HasTurn() const {
  for (const bool suspect : {false, true}) {
    const auto& [first, retry] = rounds_[suspect];
    if (HasPlace(suspect) && !(first.empty() && retry.empty())) return true;
  }
  return false;
}

bool ShardScheduler::HasPlace(bool suspect) const {
  return in_flight_[suspect] < (suspect ? options_.max_suspect : options_.max_in_flight) &&
         unsettled_ < options_.max_unsettled;
}

void ShardScheduler::FreeOrphan() {
  --in_flight_[false];
  if (HasTurn()) ready_changed_.SignalAll();
}

void ShardScheduler::Unsettle() {
  --unsettled_;
  if (unsettled_ == 0) settled_.SignalAll();
  if (HasTurn()) ready_changed_.SignalAll();
}

int ShardScheduler::LaneCapacity() const {
  return size_ < options_.capacity ? options_.lane.capacity
                                   : std::max(1, options_.lane.capacity / kScarce);
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
  in_flight_[entry.suspect] -= entry.counted_in_flight;
  in_flight_[false] += entry.counted_in_flight;  // orphans
  --shards_.at(entry.lane.lease().slot).lanes;
  lanes_.erase(WebhookId(entry.lane.webhook()));
}

void ShardScheduler::Replan(Entry& entry, Moment now) {
  entry.lane.SetCapacity(LaneCapacity());
  const Lane& lane = entry.lane;
  if (lane.IsIdle(now)) {
    Remove(entry);
    return;
  }
  size_ += lane.size() - entry.counted;
  entry.counted = lane.size();
  in_flight_[entry.suspect] -= entry.counted_in_flight;
  entry.suspect = lane.pace().IsSuspect(now.monotonic);
  entry.counted_in_flight = lane.pace().in_flight();
  in_flight_[entry.suspect] += entry.counted_in_flight;

  if (const Circuit circuit = lane.pace().circuit(now.monotonic); circuit != entry.circuit) {
    entry.circuit = circuit;
    ++circuit_changes_[static_cast<size_t>(circuit)];
  }

  // A lane that is no longer what its round is for leaves it, and joins the right one.
  Turns* const round = lane.IsReady(now) ? &rounds_[entry.suspect][lane.IsRetry()] : nullptr;
  if (round != entry.round) {
    if (round != nullptr) round->Add(lane.webhook(), lane.pace().Cost(), ++tickets_);
    entry.round = round;
    entry.ticket = tickets_;
  }
  if (lane.WantsFetch(now) && !entry.in_to_fetch) {
    entry.in_to_fetch = true;
    to_fetch_.push_back(lane.webhook());
    loads_changed_.SignalAll();
  }
  const absl::Time timer = lane.NextChange(now);
  if (timer != entry.timer) {
    if (entry.timer != absl::InfiniteFuture()) timers_.erase({entry.timer, &entry});
    entry.timer = timer;
    if (entry.timer != absl::InfiniteFuture()) timers_.insert({entry.timer, &entry});
    if (entry.timer == NextTimer()) {  // sooner than who waits for a timer expects
      loads_changed_.SignalAll();
      ready_changed_.SignalAll();
    }
  }
  if (HasTurn()) ready_changed_.SignalAll();
}

void ShardScheduler::ReplanDue(Moment now) {
  const absl::Time offset = now.wall - now.monotonic;
  if (absl::AbsDuration(offset - clock_offset_) > kClockStep) {
    clock_offset_ = offset;
    std::vector<Entry*> all;
    for (const auto& [webhook, entry] : lanes_) all.push_back(entry.get());
    for (Entry* entry : all) Replan(*entry, now);
  }
  while (!timers_.empty() && timers_.begin()->first <= now.wall) {
    Replan(*timers_.begin()->second, now);
  }
}

}  // namespace crier::delivery
