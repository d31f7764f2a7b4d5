#include "common/base/utf8.h"

#include <string>

#include "gtest/gtest.h"

namespace crier {
namespace {

TEST(Utf8Test, AcceptsEveryLengthOfCharacter) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("plain"));
  EXPECT_TRUE(IsValidUtf8("Zo\xC3\xAB"));
  EXPECT_TRUE(IsValidUtf8("\xE0\xA0\x80\xED\x9F\xBF\xEF\xBF\xBF"));
  EXPECT_TRUE(IsValidUtf8("\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF"));
  EXPECT_TRUE(IsValidUtf8(absl::string_view("a\0b", 3)));
}

TEST(Utf8Test, LooksAtEveryByte) {
  const std::string plain = "Technical Writer, Austin";
  EXPECT_TRUE(IsValidUtf8(plain));
  for (size_t i = 0; i < plain.size(); ++i) {
    std::string broken = plain;
    broken[i] = '\x80';
    EXPECT_FALSE(IsValidUtf8(broken)) << i;
    EXPECT_FALSE(IsValidUtf8(plain.substr(0, i) + '\xC3')) << i;
    EXPECT_TRUE(IsValidUtf8(plain.substr(0, i) + "\xC3\xAB" + plain.substr(i))) << i;
  }
}

TEST(Utf8Test, RefusesMalformedBytes) {
  EXPECT_FALSE(IsValidUtf8("\x80"));              // continuation alone
  EXPECT_FALSE(IsValidUtf8("a\xC3"));             // cut off at the end
  EXPECT_FALSE(IsValidUtf8("\xC3\x28"));          // cut off by another character
  EXPECT_FALSE(IsValidUtf8("\xC0\xAF"));          // overlong
  EXPECT_FALSE(IsValidUtf8("\xE0\x80\xAF"));      // overlong
  EXPECT_FALSE(IsValidUtf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(IsValidUtf8("\xF4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(IsValidUtf8("\xFF"));
}

TEST(Utf8Test, ReplacesOnlyWhatIsMalformed) {
  EXPECT_EQ(ReplaceInvalidUtf8("Zo\xC3\xAB"), "Zo\xC3\xAB");
  EXPECT_EQ(ReplaceInvalidUtf8("a\xFF"
                               "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(ReplaceInvalidUtf8("a\xC3\"b"), "a\xEF\xBF\xBD\"b");
  EXPECT_EQ(ReplaceInvalidUtf8("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Utf8Test, TruncatesBetweenCharacters) {
  EXPECT_EQ(TruncateUtf8("abc", 3), "abc");
  EXPECT_EQ(TruncateUtf8("abc", 2), "ab");
  EXPECT_EQ(TruncateUtf8("a\xC3\xAB", 2), "a");
  EXPECT_EQ(TruncateUtf8("\xF0\x9F\x98\x80x", 3), "");
  EXPECT_EQ(TruncateUtf8("\xF0\x9F\x98\x80x", 4), "\xF0\x9F\x98\x80");
}

}  // namespace
}  // namespace crier
