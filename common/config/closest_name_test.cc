#include "common/config/closest_name.h"

#include "gtest/gtest.h"

namespace crier::config {
namespace {

TEST(EditDistanceTest, CountsInsertionsDeletionsAndReplacements) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("listen", "lisen"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("abc", "abc"), 0u);
}

TEST(ClosestNameTest, FindsTheNearest) {
  const std::vector<std::string> known = {"metrics-listen", "listen", "log-level"};

  EXPECT_EQ(ClosestName("lisen", known, 5), "listen");
  EXPECT_EQ(ClosestName("metric-listen", known, 5), "metrics-listen");
}

TEST(ClosestNameTest, FindsNothingThatIsFar) {
  EXPECT_EQ(ClosestName("drain-grace", {"listen", "log-level"}, 5), "");
  EXPECT_EQ(ClosestName("ab", {"cd"}, 5), "");
  EXPECT_EQ(ClosestName("metrics-abcd", {"metrics-listen"}, 2), "");
  EXPECT_EQ(ClosestName("listen", {}, 5), "");
}

}  // namespace
}  // namespace crier::config
