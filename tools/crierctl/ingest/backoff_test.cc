#include "tools/crierctl/ingest/backoff.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

TEST(Backoff, DoublesWithinItsSpreadAndGivesUp) {
  Backoff backoff;
  absl::Duration middle = absl::Milliseconds(100);
  for (int i = 0; i < Backoff::kMaxWaits; ++i) {
    const auto wait = backoff.Next(std::nullopt);
    ASSERT_TRUE(wait.has_value()) << i;
    EXPECT_GE(*wait, middle * 0.5) << i;
    EXPECT_LE(*wait, middle * 1.5) << i;
    middle = std::min(middle * 2, absl::Seconds(10));
  }
  EXPECT_EQ(backoff.Next(std::nullopt), std::nullopt);
}

TEST(Backoff, WaitsAtLeastAsLongAsTheServerAsks) {
  Backoff backoff;
  EXPECT_EQ(backoff.Next(absl::Seconds(30)), absl::Seconds(30));
  EXPECT_GT(*backoff.Next(absl::Milliseconds(1)), absl::Milliseconds(1));
}

}  // namespace
}  // namespace crier::crierctl
