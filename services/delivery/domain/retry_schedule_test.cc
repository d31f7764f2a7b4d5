#include "services/delivery/domain/retry_schedule.h"

#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

TEST(RetryScheduleTest, KeepsEachDelayWithinTwentyPercentOfTheDocumentedOne) {
  std::mt19937_64 random(1);
  RetrySchedule schedule(random);
  const std::vector<absl::Duration> documented = {
      absl::Seconds(5), absl::Minutes(5), absl::Minutes(30), absl::Hours(2), absl::Hours(5),
      absl::Hours(10),  absl::Hours(14),  absl::Hours(20),   absl::Hours(24)};

  for (int round = 0; round < 1000; ++round) {
    for (size_t i = 0; i < documented.size(); ++i) {
      const std::optional<absl::Duration> delay = schedule.DelayAfter(static_cast<int>(i) + 1);

      ASSERT_TRUE(delay.has_value());
      EXPECT_GE(*delay, documented[i] * 0.8);
      EXPECT_LE(*delay, documented[i] * 1.2);
    }
  }
}

TEST(RetryScheduleTest, UsesTheWholeWidthOfTheJitter) {
  std::mt19937_64 random(2);
  RetrySchedule schedule(random);
  absl::Duration shortest = absl::InfiniteDuration();
  absl::Duration longest = absl::ZeroDuration();

  for (int i = 0; i < 1000; ++i) {
    shortest = std::min(shortest, *schedule.DelayAfter(2));
    longest = std::max(longest, *schedule.DelayAfter(2));
  }

  EXPECT_LT(shortest, absl::Minutes(5) * 0.82);
  EXPECT_GT(longest, absl::Minutes(5) * 1.18);
}

TEST(RetryScheduleTest, EndsAfterTheLastAttempt) {
  std::mt19937_64 random(3);
  RetrySchedule schedule(random);

  EXPECT_TRUE(schedule.DelayAfter(RetrySchedule::kAttempts - 1).has_value());
  EXPECT_FALSE(schedule.DelayAfter(RetrySchedule::kAttempts).has_value());
}

TEST(RetryScheduleTest, IsRepeatableForASeed) {
  std::mt19937_64 one(7), other(7);
  RetrySchedule first(one), second(other);

  EXPECT_EQ(first.DelayAfter(3), second.DelayAfter(3));
}

}  // namespace
}  // namespace crier::delivery
