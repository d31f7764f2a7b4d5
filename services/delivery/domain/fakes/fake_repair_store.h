// Repairs in memory, for tests.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_FAKES_FAKE_REPAIR_STORE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_FAKES_FAKE_REPAIR_STORE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/delivery/domain/repair/repair_store.h"

namespace crier::delivery {

// Keeps recoveries, for which it passes repair_store_conformance, and notes what else it is told;
// recovers nothing by itself. Not thread-safe.
class FakeRepairStore : public RepairStore {
 public:
  absl::Status Redeliver(const DeliveryId& id, absl::Time due_time, absl::Time deadline) override;
  absl::Status Cancel(const DeliveryId& id, absl::Time deadline) override;
  absl::StatusOr<Recovery> StartRecovery(const Recovery& recovery, absl::string_view request_id,
                                         absl::Time deadline) override;
  absl::StatusOr<Recovery> GetRecovery(int64_t community, int64_t id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Recovery>> ListRecoveries(int64_t community, int64_t before, int limit,
                                                       absl::Time deadline) override;
  absl::StatusOr<Recovery> CancelRecovery(int64_t community, int64_t id,
                                          absl::Time deadline) override;
  absl::StatusOr<RecoveryStep> StepRecovery(int max_deliveries, absl::Time due_time,
                                            absl::Time deadline) override;

  // What Redeliver, Cancel and StepRecovery answer.
  absl::Status failure;
  // What StepRecovery finds, one after the other; then nothing.
  std::vector<RecoveryStep> steps;

  std::vector<std::pair<DeliveryId, absl::Time>> redelivered;
  std::vector<DeliveryId> cancelled;

 private:
  Recovery* Find(int64_t community, int64_t id);

  std::vector<Recovery> recoveries_;
  std::map<std::pair<int64_t, std::string>, int64_t> request_ids_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_FAKES_FAKE_REPAIR_STORE_H_
