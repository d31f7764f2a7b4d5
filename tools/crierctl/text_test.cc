#include "tools/crierctl/text.h"

#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

TEST(Printable, KeepsTextOfEveryScript) { EXPECT_EQ(Printable("Zoë 東京 😀"), "Zoë 東京 😀"); }

TEST(Printable, ReplacesWhatSteersATerminal) {
  EXPECT_EQ(Printable("a\x1b[2Jb"), "a\uFFFD[2Jb");
  EXPECT_EQ(Printable("a\rb\x7f"), "a\uFFFDb\uFFFD");
  EXPECT_EQ(Printable("a\u202Eb"), "a\uFFFDb");
  EXPECT_EQ(Printable("a\u009Bb"), "a\uFFFDb");
}

TEST(Printable, ReplacesEveryByteThatIsNotUtf8) {
  EXPECT_EQ(Printable("a\xff"), "a\uFFFD");
  EXPECT_EQ(Printable("\xc3"), "\uFFFD");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(Printable("\xc0\xaf"), "\uFFFD\uFFFD");            // overlong
}

TEST(Printable, KeepsLineBreaksOnlyWhenMultiline) {
  EXPECT_EQ(Printable("a\n\tb", true), "a\n\tb");
  EXPECT_EQ(Printable("a\nb"), "a\uFFFDb");
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(DisplayWidth(""), 0);
  EXPECT_EQ(DisplayWidth("Zoë"), 3);
  EXPECT_EQ(DisplayWidth("Zoe\u0308"), 3);
  EXPECT_EQ(DisplayWidth("東京"), 4);
  EXPECT_EQ(DisplayWidth("😀!"), 3);
}

TEST(Closest, FindsTheIntendedWord) {
  const std::vector<std::string> commands = {"create", "list", "get", "update", "delete"};
  EXPECT_EQ(Closest("lst", commands), "list");
  EXPECT_EQ(Closest("upadte", commands), "update");
  EXPECT_EQ(Closest("listt", commands), "list");
}

TEST(Closest, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(Closest("frobnicate", {"create", "list"}), "");
  EXPECT_EQ(Closest("x", {"get"}), "");
}

TEST(Format, TimesDurationsCounts) {
  EXPECT_EQ(ReadableTime(absl::FromUnixSeconds(1681726886)), "2023-04-17 10:21:26Z");
  EXPECT_EQ(ReadableDuration(absl::ZeroDuration()), "0 ms");
  EXPECT_EQ(ReadableDuration(absl::Microseconds(431)), "0.43 ms");
  EXPECT_EQ(ReadableDuration(absl::Milliseconds(1)), "1 ms");
  EXPECT_EQ(ReadableDuration(absl::Milliseconds(352)), "352 ms");
  EXPECT_EQ(ReadableDuration(absl::Milliseconds(1520)), "1.5 s");
  EXPECT_EQ(ReadableCount(0), "0");
  EXPECT_EQ(ReadableCount(999), "999");
  EXPECT_EQ(ReadableCount(1000), "1,000");
  EXPECT_EQ(ReadableCount(-123456), "-123,456");
  EXPECT_EQ(ReadableCount(1234567), "1,234,567");
  EXPECT_EQ(Counted(0, "record", "records"), "0 records");
  EXPECT_EQ(Counted(1, "record", "records"), "1 record");
  EXPECT_EQ(Counted(1234, "record", "records"), "1,234 records");
}

}  // namespace
}  // namespace crier::crierctl
