#include "common/pg/connect_backoff.h"

#include "gtest/gtest.h"

namespace crier::pg {
namespace {

TEST(ConnectBackoffTest, FailsForAMomentAfterAFailure) {
  FakeClock clock(absl::UnixEpoch());
  ConnectBackoff backoff(clock);
  const absl::Status away = absl::UnavailableError("away");
  EXPECT_TRUE(backoff.MayConnect().ok());

  backoff.Failed(away);

  EXPECT_EQ(backoff.MayConnect(), away);
  clock.Step(absl::Hours(1));  // what the wall clock says does not matter
  EXPECT_EQ(backoff.MayConnect(), away);
  clock.Advance(ConnectBackoff::kPause);
  EXPECT_TRUE(backoff.MayConnect().ok());
}

}  // namespace
}  // namespace crier::pg
