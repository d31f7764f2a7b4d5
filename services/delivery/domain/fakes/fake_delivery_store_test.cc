#include "services/delivery/domain/fakes/fake_delivery_store.h"

#include "services/delivery/domain/queue/delivery_store_conformance.h"

namespace crier::delivery {
namespace {

class FakeStores : public DeliveryStores {
 public:
  FakeStores() { FenceAll(kEpoch - 1); }

  QueueStore& queue() override { return store_; }
  IntakeStore& intake() override { return store_; }
  lease::Lease LeaseOf(int32_t shard) override { return {shard, kEpoch}; }
  void LoseLeases() override { FenceAll(kEpoch); }

 private:
  static constexpr int64_t kEpoch = 2;

  void FenceAll(int64_t epoch) {
    for (int32_t shard = 0; shard < kShardCount; ++shard) store_.Fence({shard, epoch});
  }

  FakeDeliveryStore store_;
};

INSTANTIATE_TEST_SUITE_P(Fake, DeliveryStoreConformance,
                         testing::Values([] { return std::make_shared<FakeStores>(); }));

TEST(FakeDeliveryStoreTest, FailsAsOftenAsAsked) {
  FakeDeliveryStore store;
  store.FailTimes(2, absl::UnavailableError("away"));
  const absl::Time deadline = absl::InfiniteFuture();

  EXPECT_TRUE(absl::IsUnavailable(store.Enqueue(Intake(), deadline)));
  EXPECT_TRUE(absl::IsUnavailable(store.Commit({}, deadline).status()));
  EXPECT_TRUE(store.ProducerPosition("producer", deadline).ok());
}

}  // namespace
}  // namespace crier::delivery
