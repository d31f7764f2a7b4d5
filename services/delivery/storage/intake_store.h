// Accepted deliveries into Postgres.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_INTAKE_STORE_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_INTAKE_STORE_H_

#include <string>
#include <vector>

#include "common/pg/pool.h"
#include "services/delivery/domain/queue/intake_store.h"

namespace crier::delivery::storage {

// Thread-safe.
class PgIntakeStore : public IntakeStore {
 public:
  // `pool` must outlive the store.
  explicit PgIntakeStore(pg::Pool& pool) : pool_(pool) {}

  using IntakeStore::Enqueue;
  absl::StatusOr<std::vector<absl::Status>> Enqueue(absl::Span<const Intake> intakes,
                                                    absl::Time deadline) override;
  absl::Status Announce(const std::vector<WebhookId>& webhooks, absl::Time deadline) override;
  absl::StatusOr<int64_t> ProducerPosition(absl::string_view producer,
                                           absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_INTAKE_STORE_H_
