// Keeping the stored secrets under the key that is to seal them.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_SECRET_STORE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_SECRET_STORE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// Some webhooks, in the order of their ids, and what became of their secrets.
struct ResealedPage {
  WebhookId last;      // where to go on after
  int webhooks = 0;    // looked at; fewer than asked for at the end
  int resealed = 0;    // secrets that were under another key
  int unreadable = 0;  // secrets whose key is not in the ring; they stay as they are
  // Of one that is unreadable, why; empty without.
  std::string problem;
};

// Implementations are thread-safe; several replicas may work at once.
class SecretStore {
 public:
  virtual ~SecretStore() = default;

  // Seals anew what is not sealed under the first key of the ring, of `limit` webhooks after
  // `after`, and never over a change that somebody makes meanwhile.
  virtual absl::StatusOr<ResealedPage> Reseal(const WebhookId& after, int limit,
                                              absl::Time deadline) = 0;

  // Removes the signing keys that have expired.
  virtual absl::Status DeleteExpiredKeys(absl::Time deadline) = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_SECRET_STORE_H_
