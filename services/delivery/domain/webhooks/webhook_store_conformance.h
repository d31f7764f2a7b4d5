// What every WebhookStore must do. A test of an implementation instantiates the suite:
//
//   INSTANTIATE_TEST_SUITE_P(Fake, WebhookStoreConformance, testing::Values(MakeFakeStore));
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_STORE_CONFORMANCE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_STORE_CONFORMANCE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/webhooks/webhook_store.h"

namespace crier::delivery {

// Makes an empty store; what it needs lives as long as the pointer.
using MakeWebhookStore = std::function<std::shared_ptr<WebhookStore>()>;

class WebhookStoreConformance : public testing::TestWithParam<MakeWebhookStore> {
 protected:
  static constexpr int64_t kCommunity = 7;
  static constexpr int64_t kOtherCommunity = 8;
  static inline const absl::Time kCreated = absl::FromUnixMicros(1700000000123456);
  static inline const absl::Time kChanged = kCreated + absl::Hours(1);

  // Only a test that hangs will reach it.
  static absl::Time Deadline();

  static SigningKey Key(int number, const std::string& bytes);
  // A webhook in which nothing has its default.
  static Webhook FullWebhook();
  static Webhook SmallWebhook(int64_t community = kCommunity);

  Webhook MustCreate(const Webhook& webhook, const std::string& request_id = "");
  // At kChanged.
  Webhook MustChange(const WebhookId& id, StateAction action);

  static void ExpectEqual(const Webhook& actual, const Webhook& expected);
  static std::vector<int64_t> Ids(const absl::StatusOr<std::vector<Webhook>>& webhooks);

  const std::shared_ptr<WebhookStore> holder_ = GetParam()();
  WebhookStore& store_ = *holder_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_STORE_CONFORMANCE_H_
