// What became of deliveries, from Postgres.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_LOG_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_LOG_H_

#include "common/pg/pool.h"
#include "services/delivery/domain/repair/delivery_log.h"

namespace crier::delivery::storage {

// Thread-safe.
class PgDeliveryLog : public DeliveryLog {
 public:
  // `pool` must outlive the log.
  explicit PgDeliveryLog(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::optional<DeliveryRecord>> Get(const DeliveryId& id,
                                                    absl::Time deadline) override;
  absl::StatusOr<DeliveryPage> List(const DeliveryFilter& filter,
                                    const std::optional<MessageId>& before, int limit,
                                    absl::Time deadline) override;
  absl::StatusOr<WebhookHealth> Health(const WebhookId& webhook, absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_DELIVERY_LOG_H_
