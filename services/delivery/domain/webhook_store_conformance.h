// What every WebhookStore must do. A test of an implementation instantiates the suite:
//
//   INSTANTIATE_TEST_SUITE_P(Fake, WebhookStoreConformance, testing::Values(MakeFakeStore));
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOK_STORE_CONFORMANCE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOK_STORE_CONFORMANCE_H_

#include <functional>
#include <memory>

#include "gtest/gtest.h"
#include "services/delivery/domain/webhook_store.h"

namespace crier::delivery {

// Makes an empty store; what it needs lives as long as the pointer.
using MakeWebhookStore = std::function<std::shared_ptr<WebhookStore>()>;

class WebhookStoreConformance : public testing::TestWithParam<MakeWebhookStore> {
 protected:
  const std::shared_ptr<WebhookStore> holder_ = GetParam()();
  WebhookStore& store_ = *holder_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOK_STORE_CONFORMANCE_H_
