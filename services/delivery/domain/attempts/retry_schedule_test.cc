#include "services/delivery/domain/attempts/retry_schedule.h"

#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

AttemptResult Refused(int status, const std::string& retry_after = "") {
  AttemptResult result;
  result.outcome = Outcome::kRefused;
  result.status = status;
  if (!retry_after.empty()) result.headers = {{"retry-after", retry_after}};
  return result;
}

TEST(RetryScheduleTest, KeepsEachDelayWithinTwentyPercentOfTheDocumentedOne) {
  std::mt19937_64 random(1);
  RetrySchedule schedule(random);
  const std::vector<absl::Duration> documented = {
      absl::Seconds(5), absl::Minutes(5), absl::Minutes(30), absl::Hours(2), absl::Hours(5),
      absl::Hours(10),  absl::Hours(14),  absl::Hours(20),   absl::Hours(24)};

  for (int round = 0; round < 1000; ++round) {
    for (size_t i = 0; i < documented.size(); ++i) {
      const std::optional<absl::Duration> delay =
          schedule.DelayAfter({}, static_cast<int>(i) + 1, Refused(500), kNow);

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
    shortest = std::min(shortest, *schedule.DelayAfter({}, 2, Refused(500), kNow));
    longest = std::max(longest, *schedule.DelayAfter({}, 2, Refused(500), kNow));
  }

  EXPECT_LT(shortest, absl::Minutes(5) * 0.82);
  EXPECT_GT(longest, absl::Minutes(5) * 1.18);
}

TEST(RetryScheduleTest, EndsAfterTheLastAttempt) {
  std::mt19937_64 random(3);
  RetrySchedule schedule(random);

  EXPECT_TRUE(
      schedule.DelayAfter({}, RetrySchedule::kAttempts - 1, Refused(500), kNow).has_value());
  EXPECT_FALSE(schedule.DelayAfter({}, RetrySchedule::kAttempts, Refused(500), kNow).has_value());
}

TEST(RetryScheduleTest, AWebhookMayHaveDelaysOfItsOwn) {
  std::mt19937_64 random(4);
  RetrySchedule schedule(random);
  RetryPolicy policy;
  policy.delays = {absl::Seconds(10), absl::Hours(1)};

  const auto first = schedule.DelayAfter(policy, 1, Refused(500), kNow);
  const auto second = schedule.DelayAfter(policy, 2, Refused(500), kNow);

  EXPECT_GE(*first, absl::Seconds(8));
  EXPECT_LE(*first, absl::Seconds(12));
  EXPECT_GE(*second, absl::Minutes(48));
  EXPECT_EQ(schedule.DelayAfter(policy, 3, Refused(500), kNow), std::nullopt);
}

TEST(RetryScheduleTest, AWebhookMayHaveFewerAttempts) {
  std::mt19937_64 random(5);
  RetrySchedule schedule(random);
  RetryPolicy policy;
  policy.max_attempts = 2;

  EXPECT_LE(*schedule.DelayAfter(policy, 1, Refused(500), kNow), absl::Seconds(6));
  EXPECT_EQ(schedule.DelayAfter(policy, 2, Refused(500), kNow), std::nullopt);
  policy.max_attempts = 1;
  EXPECT_EQ(schedule.DelayAfter(policy, 1, Refused(500), kNow), std::nullopt);
}

TEST(RetryScheduleTest, AfterATimeOutOrTooManyRequestsItIsAMinuteAtLeast) {
  std::mt19937_64 random(6);
  RetrySchedule schedule(random);
  AttemptResult timed_out;
  timed_out.outcome = Outcome::kTimedOut;

  EXPECT_EQ(schedule.DelayAfter({}, 1, timed_out, kNow), absl::Minutes(1));
  EXPECT_EQ(schedule.DelayAfter({}, 1, Refused(429), kNow), absl::Minutes(1));
  EXPECT_LE(*schedule.DelayAfter({}, 1, Refused(503), kNow), absl::Seconds(6));
}

TEST(RetryScheduleTest, ARetryAfterMakesItUpToTwiceAsLong) {
  std::mt19937_64 random(7);
  RetrySchedule schedule(random);

  EXPECT_EQ(schedule.DelayAfter({}, 1, Refused(429, "90"), kNow), absl::Seconds(90));
  EXPECT_EQ(schedule.DelayAfter({}, 1, Refused(429, "1000"), kNow), absl::Minutes(2));
  EXPECT_EQ(schedule.DelayAfter({}, 1, Refused(429, "1"), kNow), absl::Minutes(1));
  // By date, 2023-11-14 22:14:55 UTC.
  EXPECT_EQ(schedule.DelayAfter({}, 1, Refused(429, "Tue, 14 Nov 2023 22:14:55 GMT"), kNow),
            absl::Seconds(95));
}

TEST(RetryScheduleTest, ARetryAfterDoesNotLeadBeyondADay) {
  std::mt19937_64 random(8);
  RetrySchedule schedule(random);
  RetryPolicy policy;
  policy.delays = {absl::Hours(15)};

  EXPECT_EQ(schedule.DelayAfter(policy, 1, Refused(503, "1000000"), kNow), absl::Hours(24));
  policy.delays = {absl::Hours(24)};
  for (int i = 0; i < 100; ++i) {
    const auto delay = schedule.DelayAfter(policy, 1, Refused(503, "1000000"), kNow);
    EXPECT_LE(*delay, absl::Hours(24) * 1.2);  // the jitter alone may
  }
}

TEST(RetryScheduleTest, IsRepeatableForASeed) {
  std::mt19937_64 one(7), other(7);
  RetrySchedule first(one), second(other);

  EXPECT_EQ(first.DelayAfter({}, 3, Refused(500), kNow),
            second.DelayAfter({}, 3, Refused(500), kNow));
}

}  // namespace
}  // namespace crier::delivery
