#include "services/delivery/domain/signer.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

std::string KeyOf(absl::string_view secret) {
  std::string key;
  EXPECT_TRUE(absl::Base64Unescape(secret.substr(sizeof("whsec_") - 1), &key));
  return key;
}

struct Vector {
  const char* secret;
  const char* id;
  int64_t unix_seconds;
  const char* body;
  const char* signature;
};

// Of the specification and its libraries; the last has a body beyond ASCII.
constexpr Vector kVectors[] = {
    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
     R"({"test": 2432232314})", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
    {"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553,
     R"({"email":"test@example.com","username":"test_user"})",
     "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="},
    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_utf8", 1674087231,
     R"({"fullName":"Zoë Ünïcode 😀"})", "v1,e1lw5U52OkJW7g5TDBUgwqwqTBcUf/g8Vth+xi177HM="},
};

TEST(SignerTest, ReproducesTheVectors) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(Signatures({KeyOf(vector.secret)}, vector.id, vector.unix_seconds, vector.body),
              vector.signature)
        << vector.id;
  }
}

TEST(SignerTest, SignsWithEveryKeyInOrder) {
  const Vector& vector = kVectors[0];
  const std::string first = Signatures({"one key"}, vector.id, vector.unix_seconds, vector.body);
  const std::string both =
      Signatures({"one key", KeyOf(vector.secret)}, vector.id, vector.unix_seconds, vector.body);

  EXPECT_EQ(both, first + " " + vector.signature);
}

TEST(SignerTest, EveryPartIsSigned) {
  const std::string signature = Signatures({"key"}, "msg_1", 1, "body");

  EXPECT_NE(Signatures({"yek"}, "msg_1", 1, "body"), signature);
  EXPECT_NE(Signatures({"key"}, "msg_2", 1, "body"), signature);
  EXPECT_NE(Signatures({"key"}, "msg_1", 2, "body"), signature);
  EXPECT_NE(Signatures({"key"}, "msg_1", 1, absl::string_view("body\0", 5)), signature);
}

TEST(SignerTest, NewKeysAreLongAndDiffer) {
  const std::string key = MakeSigningKey();

  EXPECT_EQ(key.size(), 32u);
  EXPECT_NE(key, MakeSigningKey());
}

TEST(SignerTest, SecretHoldsTheKey) {
  const std::string key = KeyOf(kVectors[1].secret);

  EXPECT_EQ(SigningSecret(key), kVectors[1].secret);
  EXPECT_TRUE(absl::StartsWith(SigningSecret(MakeSigningKey()), "whsec_"));
}

}  // namespace
}  // namespace crier::delivery
