#include "common/base/clock.h"

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace crier {
namespace {

TEST(FakeClockTest, AdvanceMovesBothClocksAndStepOnlyTheWallClock) {
  FakeClock clock(absl::UnixEpoch());

  clock.Advance(absl::Seconds(5));
  clock.Step(-absl::Hours(1));

  EXPECT_EQ(clock.Now(), absl::UnixEpoch() + absl::Seconds(5) - absl::Hours(1));
  EXPECT_EQ(clock.Monotonic(), absl::Seconds(5));
}

TEST(SystemClockTest, TellsTheTimeOfTheMachine) {
  const absl::Time before = absl::Now();
  const absl::Time now = SystemClock().Now();
  const absl::Time after = absl::Now();

  EXPECT_LE(before, now);
  EXPECT_LE(now, after);
}

TEST(SystemClockTest, MonotonicTimeDoesNotGoBack) {
  absl::Duration last = SystemClock().Monotonic();
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration next = SystemClock().Monotonic();
    ASSERT_LE(last, next);
    last = next;
  }
}

TEST(SystemClockTest, TellsWhatTheMonotonicClockWillBe) {
  const absl::Duration before = SystemClock().Monotonic();
  const absl::Duration then = MonotonicAt(absl::Now() + absl::Hours(1));
  const absl::Duration after = SystemClock().Monotonic();

  EXPECT_GE(then, before + absl::Hours(1) - absl::Seconds(1));
  EXPECT_LE(then, after + absl::Hours(1) + absl::Seconds(1));
  EXPECT_EQ(MonotonicAt(absl::InfiniteFuture()), absl::InfiniteDuration());
}

}  // namespace
}  // namespace crier
