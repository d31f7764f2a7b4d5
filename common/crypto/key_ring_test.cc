#include "common/crypto/key_ring.h"

#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"

namespace crier::crypto {
namespace {

using testing::HasSubstr;
using testing::Not;

// The base64 of 32 times the byte.
constexpr char kZeros[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
constexpr char kOnes[] = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

KeyRing Ring(const std::string& text) {
  const absl::StatusOr<KeyRing> ring = KeyRing::Parse(text);
  EXPECT_TRUE(ring.ok()) << ring.status();
  return ring.value_or(KeyRing::Plaintext());
}

const KeyRing& OldRing() {
  static const auto* const ring = new KeyRing(Ring(absl::StrCat("2025 ", kZeros)));
  return *ring;
}
const KeyRing& NewRing() {
  static const auto* const ring =
      new KeyRing(Ring(absl::StrCat("2026 ", kOnes, "\n2025 ", kZeros)));
  return *ring;
}

TEST(KeyRingTest, OpensWhatItSealed) {
  for (const std::string& text : {std::string(), std::string("a secret"), std::string("a\0b", 3)}) {
    const std::string sealed = OldRing().Seal(text, "webhook 1");

    EXPECT_EQ(*OldRing().Open(sealed, "webhook 1"), text);
    if (!text.empty()) EXPECT_THAT(sealed, Not(HasSubstr(text)));
  }
}

TEST(KeyRingTest, SealsTheSameDifferentlyEachTime) {
  EXPECT_NE(OldRing().Seal("a secret", "c"), OldRing().Seal("a secret", "c"));
}

TEST(KeyRingTest, OpensNothingOutOfItsContext) {
  const std::string sealed = OldRing().Seal("a secret", "webhook 1");

  EXPECT_EQ(OldRing().Open(sealed, "webhook 2").status().code(), absl::StatusCode::kDataLoss);
}

TEST(KeyRingTest, OpensNothingThatWasChanged) {
  const std::string sealed = OldRing().Seal("a secret", "c");
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] ^= 0x20;
    EXPECT_FALSE(OldRing().Open(changed, "c").ok()) << "byte " << i;
    EXPECT_FALSE(OldRing().Open(sealed.substr(0, i), "c").ok()) << "first " << i;
  }
}

TEST(KeyRingTest, OpensUnderEachKeyAndSealsUnderTheFirst) {
  const std::string old = OldRing().Seal("a secret", "c");

  EXPECT_EQ(*NewRing().Open(old, "c"), "a secret");
  EXPECT_FALSE(NewRing().IsCurrent(old));
  const std::string again = NewRing().Seal("a secret", "c");
  EXPECT_TRUE(NewRing().IsCurrent(again));
  const absl::Status status = OldRing().Open(again, "c").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "the key ring has no key 2026");
}

TEST(KeyRingTest, WithoutKeysTextsStayInTheClear) {
  const KeyRing clear = KeyRing::Plaintext();
  const std::string sealed = clear.Seal("a secret", "c");

  EXPECT_EQ(*clear.Open(sealed, "c"), "a secret");
  EXPECT_TRUE(clear.IsCurrent(sealed));
  EXPECT_EQ(*OldRing().Open(sealed, "c"), "a secret") << "to be sealed later";
  EXPECT_FALSE(OldRing().IsCurrent(sealed));
  EXPECT_FALSE(clear.Open(OldRing().Seal("a secret", "c"), "c").ok());
}

TEST(KeyRingTest, ReadsCommentsAndSpace) {
  const KeyRing ring =
      Ring(absl::StrCat("# first the one that seals\r\n\r\n  2025\t ", kZeros, " \n"));

  EXPECT_TRUE(ring == OldRing());
}

TEST(KeyRingTest, SaysWhatIsWrongInWhichLine) {
  const auto error = [](const std::string& text) {
    return std::string(KeyRing::Parse(text).status().message());
  };
  const std::string good = absl::StrCat("2025 ", kZeros, "\n");
  EXPECT_EQ(error(""), "there is no key in it");
  EXPECT_EQ(error("# nothing\n"), "there is no key in it");
  EXPECT_EQ(error(absl::StrCat(good, kOnes)),
            "line 2: must be an id, a space and the base64 of a key of 32 bytes");
  EXPECT_EQ(error(absl::StrCat("a.b ", kOnes)),
            "line 1: an id is 1 to 32 letters, digits, '-' and '_'");
  EXPECT_EQ(error("2025 AAAA"),
            "line 1: the key must be the base64 of 32 bytes (openssl rand -base64 32)");
  EXPECT_EQ(error(absl::StrCat(good, "2025 ", kOnes)), "line 2: the id 2025 occurs twice");
  EXPECT_EQ(error(absl::StrCat(good, "2026 ", kZeros)),
            "line 2: the key of 2026 has another id as well");
}

TEST(KeyRingTest, ItsErrorsDoNotShowKeys) {
  for (const std::string& text :
       {absl::StrCat("2025 2026 ", kOnes), absl::StrCat("x", kOnes, " ", kOnes),
        absl::StrCat("2025 ", kOnes, kOnes), absl::StrCat(kOnes)}) {
    EXPECT_THAT(std::string(KeyRing::Parse(text).status().message()), Not(HasSubstr("AQEB")));
  }
}

TEST(KeyRingTest, MakesLinesOfAFile) {
  const std::string first = KeyRing::MakeLine("2025");

  EXPECT_TRUE(KeyRing::Parse(first).ok());
  EXPECT_NE(first, KeyRing::MakeLine("2025"));
}

class KeyRingFileTest : public testing::Test {
 protected:
  ~KeyRingFileTest() override { std::remove(path_.c_str()); }

  void Write(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }

  const std::string path_ = absl::StrCat(testing::TempDir(), "/key_ring_test.",
                                         testing::UnitTest::GetInstance()->random_seed(), ".",
                                         reinterpret_cast<uintptr_t>(this));
};

TEST_F(KeyRingFileTest, NamesTheFileInWhatIsWrong) {
  EXPECT_EQ(KeyRing::ReadFile(path_).status().message(),
            absl::StrCat(path_, " cannot be read: No such file or directory"));
  Write("2025 x");
  EXPECT_THAT(std::string(KeyRing::ReadFile(path_).status().message()),
              HasSubstr(absl::StrCat(path_, ": line 1: ")));
}

TEST_F(KeyRingFileTest, IsReadAgainAndKeptWhenItCannotBe) {
  Write(absl::StrCat("2025 ", kZeros));
  KeyRingHolder holder(*KeyRing::ReadFile(path_));
  EXPECT_FALSE(*holder.Reload(path_));

  Write(absl::StrCat("2026 ", kOnes, "\n2025 ", kZeros));
  EXPECT_TRUE(*holder.Reload(path_));
  EXPECT_TRUE(*holder.Get() == NewRing());

  Write("broken");
  EXPECT_FALSE(holder.Reload(path_).ok());
  EXPECT_TRUE(*holder.Get() == NewRing());
}

}  // namespace
}  // namespace crier::crypto
