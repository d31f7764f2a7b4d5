#include "common/lease/fake_lease_store.h"

#include "common/lease/lease_store_conformance.h"
#include "gtest/gtest.h"

namespace crier::lease {
namespace {

class FakeLeaseStoreFixture {
 public:
  LeaseStore& store() { return store_; }
  void Advance(absl::Duration time) { clock_.Advance(time); }

 private:
  FakeClock clock_{absl::UnixEpoch()};
  FakeLeaseStore store_{kConformanceSlots, clock_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Fake, LeaseStoreConformance, FakeLeaseStoreFixture);

TEST(FakeLeaseStoreTest, FailsWhenTold) {
  FakeClock clock(absl::UnixEpoch());
  FakeLeaseStore store(1, clock);
  store.FailWith(absl::UnavailableError("away"));
  EXPECT_TRUE(absl::IsUnavailable(store.Heartbeat("a", absl::Seconds(1), {}).status()));
  EXPECT_TRUE(absl::IsUnavailable(store.Release("a")));
  store.FailWith(absl::OkStatus());
  EXPECT_TRUE(store.Heartbeat("a", absl::Seconds(1), {}).ok());
  EXPECT_EQ(store.heartbeats(), 2);
}

}  // namespace
}  // namespace crier::lease
