#include "services/delivery/domain/attempts/retry_after.h"

#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

// 1994-11-06 08:49:37 UTC, the date of RFC 9110's examples.
const absl::Time kDate = absl::FromUnixSeconds(784111777);

TEST(RetryAfterTest, SecondsCountFromNow) {
  EXPECT_EQ(ParseRetryAfter("120", kDate), absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter(" 0 ", kDate), absl::ZeroDuration());
}

TEST(RetryAfterTest, DatesComeInThreeForms) {
  for (const char* date : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(ParseRetryAfter(date, kDate - absl::Seconds(90)), absl::Seconds(90)) << date;
  }
}

TEST(RetryAfterTest, ADateThatIsPastMeansNow) {
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", kDate + absl::Hours(1)),
            absl::ZeroDuration());
}

TEST(RetryAfterTest, WhatIsVeryFarIsBounded) {
  const absl::Duration year = absl::Hours(24 * 366);
  EXPECT_EQ(ParseRetryAfter("99999999999999999999999999", kDate), year);
  EXPECT_EQ(ParseRetryAfter("9223372036854775807", kDate), year);
  EXPECT_EQ(ParseRetryAfter("Fri, 31 Dec 9999 23:59:59 GMT", kDate), year);
}

TEST(RetryAfterTest, OtherTextMeansNothing) {
  for (const char* text :
       {"", " ", "-1", "1.5", "+3", "soon", "0x10", "12 s", "infinite-future", "infinite-past",
        "Sun, 06 Nov 1994 08:49:37 +0100", "Sun, 06 Nov 1994"}) {
    EXPECT_EQ(ParseRetryAfter(text, kDate), std::nullopt) << text;
  }
}

TEST(RetryAfterTest, TheFirstHeaderCounts) {
  EXPECT_EQ(RetryAfter({{"date", "7"}, {"retry-after", "8"}, {"retry-after", "9"}}, kDate),
            absl::Seconds(8));
  EXPECT_EQ(RetryAfter({{"date", "7"}}, kDate), std::nullopt);
}

}  // namespace
}  // namespace crier::delivery
