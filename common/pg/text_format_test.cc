#include "common/pg/text_format.h"

#include "absl/time/civil_time.h"
#include "gtest/gtest.h"

namespace crier::pg {
namespace {

absl::Time Utc(int64_t year, int month, int day, int hour = 0, int minute = 0, int second = 0) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, hour, minute, second),
                         absl::UTCTimeZone());
}

TEST(EncodeTimeTest, WritesMicrosecondsInUtc) {
  const absl::Time time = Utc(2024, 2, 29, 23, 59, 58) + absl::Microseconds(7);
  EXPECT_EQ(EncodeTime(time), "2024-02-29 23:59:58.000007+00");
}

TEST(EncodeTimeTest, RoundsDownAlsoBefore1970) {
  EXPECT_EQ(EncodeTime(Utc(2024, 1, 1) + absl::Nanoseconds(1999)), "2024-01-01 00:00:00.000001+00");
  EXPECT_EQ(EncodeTime(Utc(1969, 12, 31) - absl::Nanoseconds(1)), "1969-12-30 23:59:59.999999+00");
}

TEST(EncodeTimeTest, KnowsNoYearZero) {
  EXPECT_EQ(EncodeTime(Utc(0, 3, 1)), "0001-03-01 00:00:00.000000+00 BC");
  EXPECT_EQ(EncodeTime(Utc(-43, 3, 15)), "0044-03-15 00:00:00.000000+00 BC");
}

TEST(EncodeTimeTest, ReachesTheEndOfPostgresCalendar) {
  EXPECT_EQ(EncodeTime(Utc(294276, 12, 31, 23, 59, 59) + absl::Microseconds(999999)),
            "294276-12-31 23:59:59.999999+00");
}

TEST(DecodeTimeTest, ReadsWhatPostgresWrites) {
  EXPECT_EQ(DecodeTime("2024-02-29 23:59:58+00"), Utc(2024, 2, 29, 23, 59, 58));
  EXPECT_EQ(DecodeTime("2024-02-29 23:59:58.5+00"),
            Utc(2024, 2, 29, 23, 59, 58) + absl::Milliseconds(500));
  EXPECT_EQ(DecodeTime("9999-12-31 23:59:59.999999+00"),
            Utc(9999, 12, 31, 23, 59, 59) + absl::Microseconds(999999));
  EXPECT_EQ(DecodeTime("12024-01-01 00:00:00+00"), Utc(12024, 1, 1));
  EXPECT_EQ(DecodeTime("0044-03-15 00:00:00+00 BC"), Utc(-43, 3, 15));
  EXPECT_EQ(DecodeTime("infinity"), absl::InfiniteFuture());
  EXPECT_EQ(DecodeTime("-infinity"), absl::InfinitePast());
}

TEST(DecodeTimeTest, RefusesEverythingElse) {
  for (const char* text :
       {"", "2024", "2024-02-29", "2024-02-29 23:59:58", "24-02-29 23:59:58+00",
        "2024-02-29 23:59:58+02", "2024-02-29T23:59:58+00", "2024-02-29 23:59:58.+00",
        "2024-02-29 23:59:58.1234567+00", "2024-02-29 23:59:58+00 AD", "2024-0a-29 23:59:58+00"}) {
    EXPECT_EQ(DecodeTime(text), std::nullopt) << text;
  }
}

TEST(BytesTest, AreHexBothWays) {
  const std::string bytes("\x00\x7f\xff\\\"", 5);
  EXPECT_EQ(EncodeBytes(bytes), "\\x007fff5c22");
  EXPECT_EQ(DecodeBytes("\\x007FFF5c22"), bytes);
  EXPECT_EQ(DecodeBytes("\\x"), "");
}

TEST(BytesTest, RefusesWhatIsNotHex) {
  for (const char* text : {"", "00", "\\x0", "\\xzz", "abc"}) {
    EXPECT_EQ(DecodeBytes(text), std::nullopt) << text;
  }
}

TEST(BinaryArrayTest, HasAHeaderAndTheElements) {
  EXPECT_EQ(EncodeBinaryArray({"ab", ""}), std::string("\0\0\0\1"    // dimensions
                                                       "\0\0\0\0"    // NULLs
                                                       "\0\0\0\x11"  // bytea
                                                       "\0\0\0\2"    // elements
                                                       "\0\0\0\1"    // first index
                                                       "\0\0\0\2"
                                                       "ab"
                                                       "\0\0\0\0",
                                                       30));
  EXPECT_EQ(EncodeBinaryArray({}), std::string("\0\0\0\0\0\0\0\0\0\0\0\x11", 12));
}

TEST(QuoteIdentifierTest, KeepsTheNameAsItIs) {
  EXPECT_EQ(QuoteIdentifier("Ingest.x"), "\"Ingest.x\"");
  EXPECT_EQ(QuoteIdentifier("a\"; DROP"), "\"a\"\"; DROP\"");
}

TEST(ArrayLiteralTest, SeparatesAndEscapes) {
  ArrayLiteral array;
  EXPECT_EQ(array.Finish(), "{}");
  array.AddPlain("-1");
  array.AddNull();
  array.AddQuoted("");
  array.AddQuoted("NULL");
  array.AddQuoted("a,{}\"\\b");
  EXPECT_EQ(array.Finish(), R"({-1,NULL,"","NULL","a,{}\"\\b"})");
}

}  // namespace
}  // namespace crier::pg
