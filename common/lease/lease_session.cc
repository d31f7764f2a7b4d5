#include "common/lease/lease_session.h"

#include <algorithm>
#include <utility>

namespace crier::lease {
namespace {

// How often to look whether what is being given back is still in use.
constexpr absl::Duration kHandOverInterval = absl::Milliseconds(100);

prometheus::Counter* ChangeCounter(const LeaseOptions& options, const char* change) {
  if (options.metrics == nullptr) return nullptr;
  return &options.metrics->Counter("crier_lease_changes_total",
                                   "Leases that this process gained or lost.",
                                   {{"kind", options.kind}, {"change", change}});
}

void Add(prometheus::Counter* counter, size_t count) {
  if (counter != nullptr) counter->Increment(static_cast<double>(count));
}

}  // namespace

LeaseSession::LeaseSession(LeaseStore& store, const Clock& clock, LeaseOptions options,
                           LeaseCallbacks callbacks)
    : store_(store),
      clock_(clock),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      gained_(ChangeCounter(options_, "gained")),
      lost_(ChangeCounter(options_, "lost")) {}

absl::Duration LeaseSession::Tick() {
  if (RanOut(clock_.Monotonic())) LoseAll();
  if (must_release_) must_release_ = !store_.Release(options_.owner).ok();
  if (must_release_) return options_.heartbeat;

  // Counted from before the call: the store counts from a moment within it, so a lease ends here
  // before it ends there.
  const absl::Duration start = clock_.Monotonic();
  const absl::Duration valid_until = start + options_.duration;
  const std::vector<Lease> finished = Finished(start);
  const absl::StatusOr<HeartbeatResult> result =
      store_.Heartbeat(options_.owner, options_.duration, finished);
  const absl::Duration now = clock_.Monotonic();

  if (result.ok() && now < valid_until && !RanOut(now)) {
    for (const Lease& lease : finished) {
      std::erase_if(giving_back_, [&](const auto& entry) { return entry.first == lease; });
    }
    for (const Lease& lease : Adopt(result->held, valid_until)) {
      giving_back_.emplace_back(lease, valid_until);
    }
    return giving_back_.empty() ? options_.heartbeat
                                : std::min(options_.heartbeat, kHandOverInterval);
  }
  // It failed, or its answer came too late to trust.
  if (RanOut(now)) LoseAll();
  return held_.empty() ? options_.heartbeat : std::min(options_.heartbeat, valid_until_ - now);
}

void LeaseSession::Stop() {
  LoseAll();
  // When this fails, the leases run out by themselves.
  if (must_release_) must_release_ = !store_.Release(options_.owner).ok();
}

bool LeaseSession::RanOut(absl::Duration now) const {
  return !held_.empty() && now >= valid_until_;
}

std::vector<Lease> LeaseSession::Finished(absl::Duration now) {
  std::erase_if(giving_back_, [now](const auto& entry) { return entry.second <= now; });
  std::vector<Lease> finished;
  for (const auto& [lease, expires] : giving_back_) {
    if (callbacks_.in_use == nullptr || !callbacks_.in_use(lease)) finished.push_back(lease);
  }
  return finished;
}

std::vector<Lease> LeaseSession::Adopt(const std::vector<Lease>& held, absl::Duration valid_until) {
  std::vector<Lease> lost;
  std::vector<Lease> gained;
  std::map<int32_t, int64_t> before = std::exchange(held_, {});
  for (const Lease& lease : held) {
    held_[lease.slot] = lease.epoch;
    const auto known = before.find(lease.slot);
    if (known != before.end() && known->second == lease.epoch) {
      before.erase(known);
    } else {
      gained.push_back(lease);
    }
  }
  lost.reserve(before.size());
  for (const auto& [slot, epoch] : before) lost.push_back({slot, epoch});
  valid_until_ = valid_until;
  Add(lost_, lost.size());
  Add(gained_, gained.size());
  for (const Lease& lease : lost) callbacks_.on_lost(lease);
  for (const Lease& lease : gained) callbacks_.on_gained(lease);
  return lost;
}

void LeaseSession::LoseAll() {
  must_release_ = true;
  giving_back_.clear();  // goes with the rest
  Adopt({}, -absl::InfiniteDuration());
}

}  // namespace crier::lease
