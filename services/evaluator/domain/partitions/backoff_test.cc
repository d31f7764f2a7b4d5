#include "services/evaluator/domain/partitions/backoff.h"

#include "gtest/gtest.h"

namespace crier::evaluator {
namespace {

constexpr absl::Duration kMin = absl::Milliseconds(50);
constexpr absl::Duration kMax = absl::Seconds(2);

TEST(BackoffTest, StaysWithinItsBoundsAndGrows) {
  const int seed = testing::UnitTest::GetInstance()->random_seed();
  Backoff backoff(kMin, kMax, seed);
  absl::Duration ceiling = kMin;
  absl::Duration longest;

  for (int i = 0; i < 200; ++i) {
    ceiling = std::min(2 * ceiling, kMax);
    const absl::Duration wait = backoff.Next();
    EXPECT_GE(wait, kMin);
    EXPECT_LE(wait, ceiling);
    longest = std::max(longest, wait);
  }
  EXPECT_GT(longest, kMax / 2);
}

TEST(BackoffTest, StartsAnewAfterSuccess) {
  Backoff backoff(kMin, kMax, 1);
  for (int i = 0; i < 20; ++i) backoff.Next();

  backoff.Reset();

  EXPECT_LE(backoff.Next(), 2 * kMin);
}

}  // namespace
}  // namespace crier::evaluator
