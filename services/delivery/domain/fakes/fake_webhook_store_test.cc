#include "services/delivery/domain/fakes/fake_webhook_store.h"

#include "services/delivery/domain/webhooks/webhook_store_conformance.h"

namespace crier::delivery {
namespace {

INSTANTIATE_TEST_SUITE_P(Fake, WebhookStoreConformance,
                         testing::Values([] { return std::make_shared<FakeWebhookStore>(); }));

TEST(FakeWebhookStoreTest, FailsOnRequest) {
  FakeWebhookStore store;
  store.FailWith(absl::UnavailableError("away"));
  const absl::Time deadline = absl::InfiniteFuture();

  EXPECT_TRUE(absl::IsUnavailable(store.Create({}, "", deadline).status()));
  EXPECT_TRUE(absl::IsUnavailable(store.Get({}, deadline).status()));
  EXPECT_TRUE(absl::IsUnavailable(store.GetMany({}, deadline).status()));
  EXPECT_TRUE(absl::IsUnavailable(store.States({}, deadline).status()));
  EXPECT_TRUE(absl::IsUnavailable(store.List(1, 0, 1, deadline).status()));
  EXPECT_TRUE(absl::IsUnavailable(store
                                      .Update(
                                          {}, "", [](Webhook&) {}, deadline)
                                      .status()));
  EXPECT_TRUE(absl::IsUnavailable(store
                                      .UpdateKeys(
                                          {}, "", [](Webhook&) { return true; }, deadline)
                                      .status()));
  EXPECT_TRUE(absl::IsUnavailable(store.Delete({}, "", deadline).status()));
  EXPECT_EQ(store.size(), 0u);
}

}  // namespace
}  // namespace crier::delivery
