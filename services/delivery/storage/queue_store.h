// The queue in Postgres.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_STORE_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_STORE_H_

#include <string>
#include <utility>
#include <vector>

#include "common/pg/pool.h"
#include "services/delivery/domain/queue/queue_store.h"
#include "services/delivery/storage/notice_writer.h"

namespace crier::delivery::storage {

// Thread-safe.
class PgQueueStore : public QueueStore {
 public:
  // `owner` is the name under which this replica holds its leases; `pool` must outlive the store.
  PgQueueStore(pg::Pool& pool, std::string owner)
      : pool_(pool), owner_(std::move(owner)), notices_(pool.database().schema) {}

  absl::StatusOr<std::vector<StoredWebhook>> FindWebhooks(int32_t shard, absl::Time before,
                                                          int limit, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::vector<QueuedDelivery>>> LoadQueue(
      const std::vector<WebhookId>& webhooks, absl::Time before, int limit,
      absl::Time deadline) override;
  absl::StatusOr<std::vector<std::optional<DeliveryContent>>> LoadContents(
      const std::vector<DeliveryId>& ids, absl::Time deadline) override;
  absl::StatusOr<std::vector<bool>> FindQueued(const std::vector<DeliveryId>& ids,
                                               absl::Time deadline) override;
  absl::StatusOr<std::vector<Recorded>> Commit(const std::vector<AttemptOutcome>& outcomes,
                                               absl::Time deadline) override;

 private:
  pg::Pool& pool_;
  const std::string owner_;
  NoticeWriter notices_;
};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_QUEUE_STORE_H_
