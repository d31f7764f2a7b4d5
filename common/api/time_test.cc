#include "common/api/time.h"

#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"

namespace crier::api {
namespace {

using ::google::protobuf::util::TimeUtil;

TEST(TimeTest, TimestampsRoundTripToTheNanosecond) {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "2024-02-29T12:34:56.789012345Z", "1969-12-31T23:59:59.999999999Z",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"}) {
    google::protobuf::Timestamp timestamp;
    ASSERT_TRUE(TimeUtil::FromString(text, &timestamp));

    const google::protobuf::Timestamp again = ToProto(FromProto(timestamp));

    EXPECT_EQ(again.seconds(), timestamp.seconds()) << text;
    EXPECT_EQ(again.nanos(), timestamp.nanos()) << text;
  }
}

TEST(TimeTest, MeansTheSameMoment) {
  google::protobuf::Timestamp timestamp;
  ASSERT_TRUE(TimeUtil::FromString("2023-11-14T22:13:20.123Z", &timestamp));

  EXPECT_EQ(FromProto(timestamp), absl::FromUnixMillis(1'700'000'000'123));
}

TEST(TimeTest, TimesBeyondProtobufBecomeTheNearest) {
  EXPECT_EQ(TimeUtil::ToString(ToProto(absl::InfiniteFuture())), "9999-12-31T23:59:59.999999999Z");
  EXPECT_EQ(TimeUtil::ToString(ToProto(absl::InfinitePast())), "0001-01-01T00:00:00Z");
}

TEST(TimeTest, FitsWhatProtobufHolds) {
  const absl::Time first = absl::FromCivil(absl::CivilYear(1), absl::UTCTimeZone());
  const absl::Time end = absl::FromCivil(absl::CivilYear(10000), absl::UTCTimeZone());

  EXPECT_TRUE(FitsTimestamp(first));
  EXPECT_TRUE(FitsTimestamp(end - absl::Nanoseconds(1)));
  EXPECT_FALSE(FitsTimestamp(first - absl::Nanoseconds(1)));
  EXPECT_FALSE(FitsTimestamp(end));
}

TEST(TimeTest, DurationsRoundTripWithTheirSign) {
  for (const absl::Duration duration :
       {absl::ZeroDuration(), absl::Milliseconds(1500), absl::Milliseconds(-1500),
        absl::Nanoseconds(-1), absl::Hours(24 * 365)}) {
    EXPECT_EQ(FromProto(ToProto(duration)), duration);
  }
  EXPECT_EQ(ToProto(absl::Milliseconds(-1500)).seconds(), -1);
  EXPECT_EQ(ToProto(absl::Milliseconds(-1500)).nanos(), -500'000'000);
}

TEST(TimeTest, DurationsBeyondProtobufBecomeTheNearest) {
  EXPECT_EQ(ToProto(absl::InfiniteDuration()).seconds(), TimeUtil::kDurationMaxSeconds);
  EXPECT_EQ(ToProto(-absl::InfiniteDuration()).seconds(), TimeUtil::kDurationMinSeconds);
}

}  // namespace
}  // namespace crier::api
