#include "common/lease/fake_lease_store.h"

#include <iterator>
#include <utility>

#include "common/lease/fair_share.h"

namespace crier::lease {

absl::StatusOr<HeartbeatResult> FakeLeaseStore::Heartbeat(absl::string_view owner_view,
                                                          absl::Duration duration,
                                                          const std::vector<Lease>& finished) {
  const std::string owner(owner_view);
  absl::MutexLock lock(&mutex_);
  ++heartbeats_;
  if (!failure_.ok()) return failure_;

  const absl::Duration now = clock_.Monotonic();
  for (auto entry = owners_.begin(); entry != owners_.end();) {
    entry = entry->second <= now ? owners_.erase(entry) : std::next(entry);
  }
  owners_[owner] = now + duration;
  const int share = ShareOf(owner);
  for (const Lease& lease : finished) {
    if (lease.slot >= static_cast<int32_t>(slots_.size())) continue;
    Slot& slot = slots_[lease.slot];
    if (slot.owner == owner && slot.releasing && slot.epoch == lease.epoch) {
      slot = Slot{"", slot.epoch};
    }
  }

  int held = 0;
  for (Slot& slot : slots_) {
    if (slot.owner != owner || slot.releasing || slot.expires <= now) continue;
    slot.expires = now + duration;
    slot.releasing = held == share;
    if (!slot.releasing) ++held;
  }
  for (Slot& slot : slots_) {
    const bool free = slot.owner.empty() || slot.expires <= now;
    if (!free || held == share) continue;
    slot = Slot{owner, slot.epoch + 1, /*releasing=*/false, now + duration};
    ++held;
  }

  HeartbeatResult result;
  result.live_owners = static_cast<int>(owners_.size());
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.owner == owner && !slot.releasing && slot.expires > now) {
      result.held.push_back({static_cast<int32_t>(i), slot.epoch});
    }
  }
  return result;
}

absl::Status FakeLeaseStore::Release(absl::string_view owner) {
  absl::MutexLock lock(&mutex_);
  if (!failure_.ok()) return failure_;
  for (Slot& slot : slots_) {
    if (slot.owner == owner) slot = Slot{"", slot.epoch};
  }
  owners_.erase(std::string(owner));
  return absl::OkStatus();
}

void FakeLeaseStore::FailWith(absl::Status failure) {
  absl::MutexLock lock(&mutex_);
  failure_ = std::move(failure);
}

int FakeLeaseStore::heartbeats() const {
  absl::MutexLock lock(&mutex_);
  return heartbeats_;
}

int FakeLeaseStore::ShareOf(const std::string& owner) const {
  const auto rank = std::distance(owners_.begin(), owners_.find(owner));
  return FairShare(static_cast<int>(slots_.size()), static_cast<int>(owners_.size()),
                   static_cast<int>(rank));
}

}  // namespace crier::lease
