#include "common/crypto/crypto.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace crier::crypto {
namespace {

std::string HexHmac(absl::string_view key, absl::string_view message) {
  return absl::BytesToHexString(HmacSha256(key, message));
}

// The vectors are those of RFC 4231.
TEST(HmacSha256Test, EqualsTheVectorsOfTheRfc) {
  EXPECT_EQ(HexHmac(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(HexHmac("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HexHmac(std::string(20, '\xaa'), std::string(50, '\xdd')),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  // A key longer than the block of the hash.
  EXPECT_EQ(
      HexHmac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256Test, TakesEmptyKeyAndMessage) {
  EXPECT_EQ(HexHmac(absl::string_view(), absl::string_view()),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(HmacSha256Test, KeepsNothingOfTheCallBefore) {
  const std::string empty = HexHmac(absl::string_view(), absl::string_view());
  const std::string other = HexHmac("another key", "and message");
  EXPECT_EQ(HexHmac(absl::string_view(), absl::string_view()), empty);
  EXPECT_EQ(HexHmac("another key", "and message"), other);
}

TEST(HmacSha256Test, TakesNulBytes) {
  EXPECT_NE(HexHmac("key", absl::string_view("a\0b", 3)), HexHmac("key", "a"));
}

TEST(RandomBytesTest, HasTheLengthAskedForAndDiffers) {
  EXPECT_EQ(RandomBytes(0), "");
  EXPECT_EQ(RandomBytes(24).size(), 24u);
  EXPECT_NE(RandomBytes(24), RandomBytes(24));
}

}  // namespace
}  // namespace crier::crypto
