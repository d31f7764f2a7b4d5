// What became of deliveries, for people to read.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_DELIVERY_LOG_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_DELIVERY_LOG_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/delivery/domain/delivery.h"

namespace crier::delivery {

// Implementations are thread-safe. Every method waits until its deadline at most, and answers
// UNAVAILABLE when the database is away.
class DeliveryLog {
 public:
  virtual ~DeliveryLog() = default;

  // Nothing when there is no such delivery.
  virtual absl::StatusOr<std::optional<DeliveryRecord>> Get(const DeliveryId& id,
                                                            absl::Time deadline) = 0;

  // Up to `limit` deliveries of the webhook, newest first, beginning after `before` (with the
  // newest when unset).
  virtual absl::StatusOr<std::vector<DeliveryRecord>> List(const WebhookId& webhook,
                                                           const std::optional<MessageId>& before,
                                                           int limit, absl::Time deadline) = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_DELIVERY_LOG_H_
