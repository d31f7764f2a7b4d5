// Webhooks in Postgres.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_STORE_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_STORE_H_

#include <memory>
#include <vector>

#include "common/crypto/key_ring.h"
#include "common/pg/pool.h"
#include "services/delivery/domain/webhooks/webhook_store.h"
#include "services/delivery/storage/notice_writer.h"
#include "services/delivery/storage/webhook_cache.h"

namespace crier::delivery::storage {

// Thread-safe.
class PgWebhookStore : public WebhookStore {
 public:
  // Seals secrets under the ring that is good at the time. All must outlive the store.
  PgWebhookStore(pg::Pool& pool, const crypto::KeyRingHolder& rings);

  absl::StatusOr<Webhook> Create(const Webhook& webhook, absl::string_view request_id,
                                 absl::Time deadline) override;
  absl::StatusOr<Webhook> Get(const WebhookId& id, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::shared_ptr<const Webhook>>> GetMany(
      const std::vector<WebhookId>& ids, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::optional<WebhookState>>> States(const std::vector<WebhookId>& ids,
                                                                  absl::Time deadline) override;
  absl::StatusOr<std::vector<Webhook>> List(int64_t community, int64_t after, int limit,
                                            absl::Time deadline) override;
  absl::StatusOr<Webhook> Update(const WebhookId& id, absl::string_view etag,
                                 const std::function<void(Webhook&)>& change,
                                 absl::Time deadline) override;
  absl::StatusOr<Webhook> UpdateKeys(const WebhookId& id, absl::string_view etag,
                                     const std::function<absl::StatusOr<bool>(Webhook&)>& change,
                                     absl::Time deadline) override;
  absl::StatusOr<StateChange> ChangeState(const WebhookId& id, absl::string_view etag,
                                          StateAction action, absl::Time now,
                                          absl::Time deadline) override;
  absl::StatusOr<int> Delete(const WebhookId& id, absl::string_view etag,
                             absl::Time deadline) override;

 private:
  pg::Pool& pool_;
  const crypto::KeyRingHolder& rings_;
  NoticeWriter notices_;
  WebhookCache cache_;
};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_WEBHOOK_STORE_H_
