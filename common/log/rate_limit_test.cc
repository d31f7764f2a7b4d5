#include "common/log/rate_limit.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace crier::log {
namespace {

int CountAdmitted(RateLimit& limit, absl::string_view site, int tries, absl::Duration now) {
  int admitted = 0;
  for (int i = 0; i < tries; ++i) admitted += limit.Admit(site, now).has_value() ? 1 : 0;
  return admitted;
}

TEST(RateLimitTest, AdmitsABurstAndThenAFewASecond) {
  RateLimit limit;

  EXPECT_EQ(CountAdmitted(limit, "a", 150, absl::Seconds(7)), 100);
  EXPECT_EQ(CountAdmitted(limit, "a", 50, absl::Seconds(8)), 10);
  EXPECT_EQ(CountAdmitted(limit, "a", 150, absl::Hours(1)), 100);
}

TEST(RateLimitTest, TellsHowManyWereLeftOut) {
  RateLimit limit;
  CountAdmitted(limit, "a", 105, absl::ZeroDuration());

  EXPECT_EQ(limit.Admit("a", absl::Seconds(1)), 5);
  EXPECT_EQ(limit.Admit("a", absl::Seconds(1)), 0);
}

TEST(RateLimitTest, SitesDoNotTakeFromEachOther) {
  RateLimit limit;
  CountAdmitted(limit, "a", 1000, absl::ZeroDuration());

  EXPECT_EQ(CountAdmitted(limit, "b", 150, absl::ZeroDuration()), 100);
}

TEST(RateLimitTest, KeepsABoundedNumberOfSites) {
  RateLimit limit;
  for (size_t i = 0; i < RateLimit::kMaxSites; ++i) {
    limit.Admit(absl::StrCat("site ", i), absl::ZeroDuration());
  }

  int admitted = 0;
  for (int i = 0; i < 1000; ++i) {
    admitted += CountAdmitted(limit, absl::StrCat("late site ", i), 1, absl::ZeroDuration());
  }
  EXPECT_EQ(admitted, 100);
}

}  // namespace
}  // namespace crier::log
