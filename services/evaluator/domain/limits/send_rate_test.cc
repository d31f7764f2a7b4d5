#include "services/evaluator/domain/limits/send_rate.h"

#include <limits>

#include "gtest/gtest.h"

namespace crier::evaluator {
namespace {

TEST(SendRateTest, HoldsASecondsWorthAndFillsAtTheRate) {
  SendRate rate(100);
  const absl::Duration start = absl::Seconds(1'000);
  EXPECT_EQ(rate.Allowance(1, start), 100);

  rate.Take(1, 100, start);
  EXPECT_EQ(rate.Allowance(1, start), 0);
  EXPECT_EQ(rate.UntilFull(1, start), absl::Seconds(1));
  EXPECT_EQ(rate.Allowance(1, start + absl::Milliseconds(250)), 25);
  EXPECT_EQ(rate.Allowance(1, start + absl::Hours(1)), 100);
  EXPECT_EQ(rate.Allowance(2, start), 100) << "another community";
}

TEST(SendRateTest, WhatIsTakenBeyondItIsOwed) {
  SendRate rate(10);
  rate.Take(1, 25, absl::ZeroDuration());

  EXPECT_EQ(rate.Allowance(1, absl::Seconds(1)), 0);
  EXPECT_EQ(rate.Allowance(1, absl::Seconds(2)), 5);
}

TEST(SendRateTest, WhatIsBookedBeyondItWaits) {
  SendRate rate(2);
  const absl::Duration start = absl::Seconds(1'000);

  EXPECT_EQ(rate.Book(1, start), absl::ZeroDuration());
  EXPECT_EQ(rate.Book(1, start), absl::ZeroDuration());
  EXPECT_EQ(rate.waiting(start), 0);
  EXPECT_EQ(rate.Book(1, start), absl::Seconds(0.5));
  EXPECT_EQ(rate.Book(1, start), absl::Seconds(1));
  EXPECT_EQ(rate.waiting(start), 1);
  EXPECT_EQ(rate.Allowance(1, start + absl::Seconds(1)), 0) << "runs come after it";
  EXPECT_EQ(rate.Book(1, start + absl::Seconds(1)), absl::Seconds(0.5));
  EXPECT_EQ(rate.waiting(start + absl::Seconds(3)), 0);
}

TEST(SendRateTest, WhatIsOwedIsNotOwedTwice) {
  SendRate rate(2);

  rate.Owe(1, absl::Seconds(5), absl::ZeroDuration());
  rate.Owe(1, absl::Seconds(3), absl::ZeroDuration());

  EXPECT_EQ(rate.UntilFull(1, absl::ZeroDuration()), absl::Seconds(5));
  EXPECT_EQ(rate.Book(1, absl::ZeroDuration()), absl::Seconds(4.5));
}

TEST(SendRateTest, ZeroIsNoLimit) {
  SendRate rate(0);
  rate.Take(1, 1'000'000, absl::ZeroDuration());

  EXPECT_EQ(rate.Allowance(1, absl::ZeroDuration()), std::numeric_limits<int64_t>::max());
}

TEST(SendRateTest, ForgetsCommunitiesThatAreFullAgain) {
  SendRate rate(1);
  for (int64_t community = 0; community < 30'000; ++community) {
    rate.Take(community, 1, absl::Seconds(community));
  }

  EXPECT_EQ(rate.Allowance(29'999, absl::Seconds(29'999)), 0);
  EXPECT_EQ(rate.Allowance(1, absl::Seconds(29'999)), 1);
}

}  // namespace
}  // namespace crier::evaluator
