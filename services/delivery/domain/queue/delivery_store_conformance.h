// What every QueueStore and IntakeStore over the same deliveries must do. A test of implementations
// instantiates the suite:
//
//   INSTANTIATE_TEST_SUITE_P(Fake, DeliveryStoreConformance, testing::Values(MakeFakeStores));
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_DELIVERY_STORE_CONFORMANCE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_DELIVERY_STORE_CONFORMANCE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/message_id.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/queue/intake_store.h"
#include "services/delivery/domain/queue/queue_store.h"
#include "services/delivery/domain/queue/shard.h"

namespace crier::delivery {

// Empty stores, as the replica that leases every shard has them.
class DeliveryStores {
 public:
  virtual ~DeliveryStores() = default;

  virtual QueueStore& queue() = 0;
  virtual IntakeStore& intake() = 0;
  // The lease of a shard as this replica got it.
  virtual lease::Lease LeaseOf(int32_t shard) = 0;
  // From now on another replica leases all shards.
  virtual void LoseLeases() = 0;
};
using MakeDeliveryStores = std::function<std::shared_ptr<DeliveryStores>()>;

class DeliveryStoreConformance : public testing::TestWithParam<MakeDeliveryStores> {
 protected:
  // A message to the webhooks, each of which gets a delivery of it.
  NewMessage Message(const std::vector<WebhookId>& webhooks);
  Intake NewIntake(const std::string& producer, int64_t expected, int64_t next) const;
  // Stores a delivery to the webhook, due at `due_in` from now.
  DeliveryId Store(const WebhookId& webhook, absl::Duration due_in = absl::ZeroDuration());
  int64_t Position(const std::string& producer);

  AttemptOutcome Outcome(const DeliveryId& id, DeliveryState state, int attempt_number);
  std::vector<Recorded> Commit(const std::vector<AttemptOutcome>& outcomes);

  std::vector<QueuedDelivery> Queue(const WebhookId& webhook);
  std::vector<bool> FindQueued(const std::vector<DeliveryId>& ids);

  const std::shared_ptr<DeliveryStores> stores_ = GetParam()();
  // To the microsecond, as databases keep it.
  const absl::Time now_;
  MessageIdGenerator ids_;
  int64_t position_ = 0;
  // Of different shards.
  const WebhookId a_{1, 1};
  const WebhookId b_{1, 2};

  DeliveryStoreConformance();
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_DELIVERY_STORE_CONFORMANCE_H_
