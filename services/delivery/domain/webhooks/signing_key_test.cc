#include "services/delivery/domain/webhooks/signing_key.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"

namespace crier::delivery {
namespace {

constexpr char kSymmetric[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kPrivate[] =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
constexpr char kPublic[] = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

std::string Error(const std::string& secret) {
  const absl::StatusOr<SigningKey> key = ParseSigningSecret(secret);
  EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << secret;
  return std::string(key.status().message());
}

std::string Symmetric(size_t bytes) {
  return absl::StrCat("whsec_", absl::Base64Escape(std::string(bytes, 'k')));
}

TEST(SigningKeyTest, NewKeysDifferAndAreReadBack) {
  for (const SigningScheme scheme : {SigningScheme::kV1, SigningScheme::kV1a}) {
    const SigningKey key = MakeSigningKey(scheme);

    EXPECT_EQ(key.key.size(), 32u);
    EXPECT_NE(key.key, MakeSigningKey(scheme).key);
    const absl::StatusOr<SigningKey> read = ParseSigningSecret(SigningSecret(key));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->scheme, scheme);
    EXPECT_EQ(read->key, key.key);
  }
}

TEST(SigningKeyTest, ReadsASymmetricSecret) {
  const absl::StatusOr<SigningKey> key = ParseSigningSecret(kSymmetric);

  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->scheme, SigningScheme::kV1);
  EXPECT_EQ(key->key.size(), 24u);
  EXPECT_EQ(SigningSecret(*key), kSymmetric);
  EXPECT_EQ(SigningPublicKey(*key), "");
}

TEST(SigningKeyTest, ReadsAPrivateKeyWithAndWithoutItsPublicKey) {
  const absl::StatusOr<SigningKey> full = ParseSigningSecret(kPrivate);
  ASSERT_TRUE(full.ok()) << full.status();
  const absl::StatusOr<SigningKey> seed =
      ParseSigningSecret(absl::StrCat("whsk_", absl::Base64Escape(full->key)));
  ASSERT_TRUE(seed.ok()) << seed.status();

  for (const SigningKey& key : {*full, *seed}) {
    EXPECT_EQ(key.scheme, SigningScheme::kV1a);
    EXPECT_EQ(SigningSecret(key), kPrivate) << "always with the public key";
    EXPECT_EQ(SigningPublicKey(key), kPublic);
  }
}

TEST(SigningKeyTest, RefusesWhatIsNoSecret) {
  const char kNoPrefix[] = "must begin with whsec_ (v1) or whsk_ (v1a)";
  EXPECT_EQ(Error(""), kNoPrefix);
  EXPECT_EQ(Error("w"), kNoPrefix);
  EXPECT_EQ(Error("hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), kNoPrefix);
  EXPECT_EQ(Error("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), kNoPrefix);
  EXPECT_EQ(Error("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), kNoPrefix);
  EXPECT_EQ(Error(kPublic), "must be a secret; whpk_ is a public key, which signs nothing");
}

TEST(SigningKeyTest, RefusesSymmetricSecretsOfTheWrongSize) {
  EXPECT_EQ(Error("whsec_%"), "must have base64 after whsec_");
  EXPECT_EQ(Error("whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "must have base64 after whsec_");
  for (const size_t bytes : {0, 1, 23, 65, 100}) {
    EXPECT_EQ(Error(Symmetric(bytes)), "must hold 24 to 64 bytes after whsec_") << bytes;
  }
  for (const size_t bytes : {24, 32, 64}) {
    EXPECT_TRUE(ParseSigningSecret(Symmetric(bytes)).ok()) << bytes;
  }
}

TEST(SigningKeyTest, RefusesTruncatedAndMismatchedPrivateKeys) {
  const std::string whole = kPrivate;
  EXPECT_EQ(Error(whole.substr(0, whole.size() - 1)), "must have base64 after whsk_");
  EXPECT_EQ(Error(whole.substr(0, 5 + 60)),
            "must hold 32 bytes (a seed) or 64 (seed and public key) after whsk_");
  EXPECT_EQ(Error("whsk_"), "must hold 32 bytes (a seed) or 64 (seed and public key) after whsk_");
  std::string other = whole;
  other[5] = 'A';  // another seed
  EXPECT_EQ(Error(other), "must hold the public key that belongs to its seed");
}

TEST(SigningKeyTest, ItsErrorsDoNotShowTheSecret) {
  const std::string bytes(10, 'k');
  EXPECT_FALSE(absl::StrContains(Error(Symmetric(10)), absl::Base64Escape(bytes)));
}

}  // namespace
}  // namespace crier::delivery
