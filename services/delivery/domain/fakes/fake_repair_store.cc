#include "services/delivery/domain/fakes/fake_repair_store.h"

#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "services/delivery/domain/errors.h"

namespace crier::delivery {

absl::Status FakeRepairStore::Redeliver(const DeliveryId& id, absl::Time due_time, absl::Time) {
  RETURN_IF_ERROR(failure);
  redelivered.emplace_back(id, due_time);
  return absl::OkStatus();
}

absl::Status FakeRepairStore::Cancel(const DeliveryId& id, absl::Time) {
  RETURN_IF_ERROR(failure);
  cancelled.push_back(id);
  return absl::OkStatus();
}

absl::StatusOr<Recovery> FakeRepairStore::StartRecovery(const Recovery& recovery,
                                                        absl::string_view request_id, absl::Time) {
  if (!request_id.empty()) {
    const auto [used, added] = request_ids_.try_emplace(
        {recovery.community, std::string(request_id)}, recoveries_.size() + 1);
    if (!added) return *Find(recovery.community, used->second);
  }
  Recovery started = recovery;
  started.id = static_cast<int64_t>(recoveries_.size()) + 1;
  started.progress_time = recovery.created_from;
  recoveries_.push_back(started);
  return started;
}

Recovery* FakeRepairStore::Find(int64_t community, int64_t id) {
  for (Recovery& recovery : recoveries_) {
    if (recovery.community == community && recovery.id == id) return &recovery;
  }
  return nullptr;
}

absl::StatusOr<Recovery> FakeRepairStore::GetRecovery(int64_t community, int64_t id, absl::Time) {
  const Recovery* const found = Find(community, id);
  if (found == nullptr) return RecoveryNotFoundError(community, id);
  return *found;
}

absl::StatusOr<std::vector<Recovery>> FakeRepairStore::ListRecoveries(int64_t community,
                                                                      int64_t before, int limit,
                                                                      absl::Time) {
  std::vector<Recovery> found;
  for (auto recovery = recoveries_.rbegin(); recovery != recoveries_.rend(); ++recovery) {
    const bool wanted = recovery->community == community && recovery->id < before;
    if (wanted && static_cast<int>(found.size()) < limit) found.push_back(*recovery);
  }
  return found;
}

absl::StatusOr<Recovery> FakeRepairStore::CancelRecovery(int64_t community, int64_t id,
                                                         absl::Time) {
  Recovery* const found = Find(community, id);
  if (found == nullptr) return RecoveryNotFoundError(community, id);
  if (found->state == RecoveryState::kSucceeded) return RecoveryFinishedError(community, id);
  if (found->state == RecoveryState::kCancelled) return *found;
  found->state = RecoveryState::kCancelled;
  found->end_time = absl::Now();
  return *found;
}

absl::StatusOr<RecoveryStep> FakeRepairStore::StepRecovery(int, absl::Time, absl::Time) {
  RETURN_IF_ERROR(failure);
  if (steps.empty()) return RecoveryStep();
  const RecoveryStep step = steps.front();
  steps.erase(steps.begin());
  return step;
}

}  // namespace crier::delivery
