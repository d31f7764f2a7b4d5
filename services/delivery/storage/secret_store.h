// The secrets in Postgres, for whoever seals them anew.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_SECRET_STORE_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_SECRET_STORE_H_

#include "common/crypto/key_ring.h"
#include "common/pg/pool.h"
#include "services/delivery/domain/webhooks/secret_store.h"

namespace crier::delivery::storage {

// Thread-safe.
class PgSecretStore : public SecretStore {
 public:
  // Both must outlive the store.
  PgSecretStore(pg::Pool& pool, const crypto::KeyRingHolder& rings) : pool_(pool), rings_(rings) {}

  absl::StatusOr<ResealedPage> Reseal(const WebhookId& after, int limit,
                                      absl::Time deadline) override;
  absl::Status DeleteExpiredKeys(absl::Time deadline) override;

 private:
  pg::Pool& pool_;
  const crypto::KeyRingHolder& rings_;
};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_SECRET_STORE_H_
