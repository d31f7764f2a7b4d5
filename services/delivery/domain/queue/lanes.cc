#include "services/delivery/domain/queue/lanes.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace crier::delivery {
namespace {

// One turn in so many is for suspects first, and one for retries first.
constexpr uint64_t kSuspectShare = 4;
constexpr uint64_t kRetryShare = 8;

// The clocks may drift apart by as much before timers are set anew.
constexpr absl::Duration kClockStep = absl::Milliseconds(500);

// Of a lane's capacity, where memory is scarce.
constexpr int kScarce = 8;

}  // namespace

// --- lanes ---

Lanes::Entry* Lanes::Find(const WebhookId& webhook) {
  const auto entry = entries_.find(webhook);
  return entry == entries_.end() ? nullptr : entry->second.get();
}

Lanes::Entry* Lanes::Find(const WebhookId& webhook, const lease::Lease& lease) {
  Entry* const entry = Find(webhook);
  return entry != nullptr && entry->lane.lease() == lease ? entry : nullptr;
}

Lanes::Entry* Lanes::FindOrAdd(const WebhookId& webhook, const lease::Lease& shard) {
  if (Entry* const entry = Find(webhook); entry != nullptr) return entry;
  int& lanes = of_shard_.at(shard.slot);
  if (lanes >= options_.shard_capacity) return nullptr;
  ++lanes;
  auto entry = std::make_unique<Entry>(Lane(webhook, shard, options_.lane));
  return entries_.emplace(webhook, std::move(entry)).first->second.get();
}

void Lanes::RemoveShard(int32_t slot) {
  std::vector<Entry*> lost;
  for (const auto& [webhook, entry] : entries_) {
    if (entry->lane.lease().slot == slot) lost.push_back(entry.get());
  }
  for (Entry* entry : lost) Remove(*entry);
}

void Lanes::Remove(Entry& entry) {
  SetTimer(entry, absl::InfiniteFuture());
  size_ -= entry.counted_;
  in_flight_[entry.suspect_] -= entry.counted_in_flight_;
  in_flight_[false] += entry.counted_in_flight_;  // orphans
  --of_shard_.at(entry.lane.lease().slot);
  entries_.erase(WebhookId(entry.lane.webhook()));
}

Lanes::News Lanes::Replan(Entry& entry, Moment now) {
  entry.lane.SetCapacity(LaneCapacity());
  if (entry.lane.IsIdle(now)) {
    Remove(entry);
    return {};
  }
  Count(entry, now);
  Line(entry, now);
  News news;
  if (entry.lane.WantsFetch(now) && !entry.in_to_fetch_) {
    entry.in_to_fetch_ = true;
    to_fetch_.push_back(entry.lane.webhook());
    news.fetch = true;
  }
  news.timer = SetTimer(entry, entry.lane.NextChange(now));
  return news;
}

void Lanes::Count(Entry& entry, Moment now) {
  const Lane& lane = entry.lane;
  size_ += lane.size() - entry.counted_;
  entry.counted_ = lane.size();
  in_flight_[entry.suspect_] -= entry.counted_in_flight_;
  entry.suspect_ = lane.pace().IsSuspect(now.monotonic);
  entry.counted_in_flight_ = lane.pace().in_flight();
  in_flight_[entry.suspect_] += entry.counted_in_flight_;

  const Circuit circuit = lane.pace().circuit(now.monotonic);
  if (circuit == entry.circuit_) return;
  entry.circuit_ = circuit;
  ++circuit_changes_[static_cast<size_t>(circuit)];
}

// A lane that is no longer what its round is for leaves it, and joins the right one.
void Lanes::Line(Entry& entry, Moment now) {
  const Lane& lane = entry.lane;
  Turns* const round = lane.IsReady(now) ? &rounds_[entry.suspect_][lane.IsRetry()] : nullptr;
  if (round == entry.round_) return;
  if (round != nullptr) round->Add(lane.webhook(), lane.pace().Cost(), ++tickets_);
  entry.round_ = round;
  entry.ticket_ = tickets_;
}

// Whether it has become the next of all.
bool Lanes::SetTimer(Entry& entry, absl::Time timer) {
  if (timer == entry.timer_) return false;
  if (entry.timer_ != absl::InfiniteFuture()) timers_.erase({entry.timer_, &entry});
  entry.timer_ = timer;
  if (timer != absl::InfiniteFuture()) timers_.insert({timer, &entry});
  return timer == NextTimer();
}

Lanes::News Lanes::ReplanDue(Moment now) {
  News news;
  const auto replan = [&](Entry& entry) {
    const News more = Replan(entry, now);
    news.fetch = news.fetch || more.fetch;
    news.timer = news.timer || more.timer;
  };
  const absl::Time offset = now.wall - now.monotonic;
  if (absl::AbsDuration(offset - clock_offset_) > kClockStep) {
    clock_offset_ = offset;
    std::vector<Entry*> all;
    for (const auto& [webhook, entry] : entries_) all.push_back(entry.get());
    for (Entry* entry : all) replan(*entry);
  }
  while (NextTimer() <= now.wall) replan(*timers_.begin()->second);
  return news;
}

absl::Time Lanes::NextTimer() const {
  return timers_.empty() ? absl::InfiniteFuture() : timers_.begin()->first;
}

// --- taking ---

Lanes::Entry* Lanes::NextFetch() {
  while (!to_fetch_.empty()) {
    Entry* const entry = Find(to_fetch_.front());
    to_fetch_.pop_front();
    if (entry == nullptr || !entry->in_to_fetch_) continue;
    entry->in_to_fetch_ = false;
    return entry;
  }
  return nullptr;
}

Lanes::Entry* Lanes::NextTurn() {
  ++turn_;
  const bool suspects_first = turn_ % kSuspectShare == 0;
  const bool retries_first = turn_ % kRetryShare < 2;  // of either kind of receiver
  for (const bool suspect : {suspects_first, !suspects_first}) {
    if (!HasPlace(suspect)) continue;
    for (const bool retry : {retries_first, !retries_first}) {
      Turns& round = rounds_[suspect][retry];
      while (const std::optional<Turns::Turn> turn = round.Next()) {
        Entry* const entry = Find(turn->webhook);
        const bool left = entry == nullptr || entry->round_ != &round;
        if (left || entry->ticket_ != turn->ticket) continue;
        entry->round_ = nullptr;
        return entry;
      }
    }
  }
  return nullptr;
}

bool Lanes::HasTurn() const {
  for (const bool suspect : {false, true}) {
    const auto& [first, retry] = rounds_[suspect];
    if (HasPlace(suspect) && !(first.empty() && retry.empty())) return true;
  }
  return false;
}

void Lanes::Taken(const lease::Lease& lease) {
  ++unsettled_;
  ++unsettled_of_[lease];
}

void Lanes::Settled(const lease::Lease& lease) {
  --unsettled_;
  const auto of_lease = unsettled_of_.find(lease);
  if (--of_lease->second == 0) unsettled_of_.erase(of_lease);
}

bool Lanes::HasPlace(bool suspect) const {
  return in_flight_[suspect] < (suspect ? options_.max_suspect : options_.max_in_flight) &&
         unsettled_ < options_.max_unsettled;
}

int Lanes::LaneCapacity() const {
  return size_ < options_.capacity ? options_.lane.capacity
                                   : std::max(1, options_.lane.capacity / kScarce);
}

}  // namespace crier::delivery
