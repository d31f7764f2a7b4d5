#include "services/delivery/domain/repair/recoverer.h"

#include "gtest/gtest.h"
#include "services/delivery/domain/fakes/fake_repair_store.h"

namespace crier::delivery {
namespace {

TEST(RecovererTest, StepsUntilNothingIsRunning) {
  FakeClock clock(absl::FromUnixSeconds(1'700'000'000));
  metrics::Registry metrics;
  FakeRepairStore store;
  Recoverer recoverer(store, clock, metrics);
  store.steps = {{.found = true, .recovered = 500}, {.found = true, .recovered = 7, .over = true}};

  EXPECT_LT(recoverer.Run(), absl::Milliseconds(500));
  EXPECT_LT(recoverer.Run(), absl::Milliseconds(500));
  EXPECT_GE(recoverer.Run(), absl::Milliseconds(500));

  EXPECT_EQ(metrics.Counter("crier_delivery_recovered_total", "").Value(), 507);
}

TEST(RecovererTest, WaitsForADatabaseThatIsAway) {
  FakeClock clock(absl::FromUnixSeconds(1'700'000'000));
  metrics::Registry metrics;
  FakeRepairStore store;
  Recoverer recoverer(store, clock, metrics);
  store.failure = absl::UnavailableError("away");

  EXPECT_GE(recoverer.Run(), absl::Milliseconds(500));
}

}  // namespace
}  // namespace crier::delivery
