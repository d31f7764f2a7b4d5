// Follows the key ring: reads it again, and seals stored secrets anew when its first key changes.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_SECRET_KEEPER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_SECRET_KEEPER_H_

#include <string>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/crypto/key_ring.h"
#include "common/metrics/metrics.h"
#include "services/delivery/domain/webhooks/secret_store.h"

namespace crier::delivery {

// To be run by a PeriodicTask; used by one thread. All webhooks are gone through at the start, when
// the ring has changed, and once an hour; a pass that is cut short begins again, and finds that
// what was done needs no more work. When a pass ends with `crier_delivery_secrets_stale` at 0, the
// old keys of the ring are not needed any more.
class SecretKeeper {
 public:
  // `path` is the ring's file; empty when there is none. The references must outlive the keeper.
  SecretKeeper(SecretStore& store, crypto::KeyRingHolder& rings, std::string path,
               const Clock& clock, metrics::Registry& metrics);

  // Does a part of what is to be done, and returns when to go on.
  absl::Duration Run();

 private:
  // Once over all webhooks.
  struct Pass {
    WebhookId after;  // those up to here are done
    int resealed = 0;
    int unreadable = 0;
    std::string problem;
  };

  void Reload();
  void EndPass();

  SecretStore& store_;
  crypto::KeyRingHolder& rings_;
  const std::string path_;
  const Clock& clock_;
  prometheus::Gauge& stale_;
  prometheus::Counter& resealed_total_;
  prometheus::Counter& reload_failures_;

  bool reload_failed_ = false;
  bool passing_ = true;
  Pass pass_;
  absl::Time next_pass_ = absl::InfinitePast();
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_SECRET_KEEPER_H_
