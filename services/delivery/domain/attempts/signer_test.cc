#include "services/delivery/domain/attempts/signer.h"

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

struct Vector {
  const char* secret;
  const char* id;
  int64_t unix_seconds;
  const char* body;
  const char* signature;
};

constexpr char kSymmetric[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

// Of the specification and its libraries; the last has a body beyond ASCII.
constexpr Vector kVectors[] = {
    {kSymmetric, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})",
     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
    {"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553,
     R"({"email":"test@example.com","username":"test_user"})",
     "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="},
    {"whsk_6Xb/dCcHpPea21PS1N9VY/"
     "NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
     "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})",
     "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/"
     "enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="},
    {kSymmetric, "msg_utf8", 1674087231, R"({"fullName":"Zoë Ünïcode 😀"})",
     "v1,e1lw5U52OkJW7g5TDBUgwqwqTBcUf/g8Vth+xi177HM="},
};

SigningKey KeyOf(absl::string_view secret) {
  const absl::StatusOr<SigningKey> key = ParseSigningSecret(secret);
  EXPECT_TRUE(key.ok()) << key.status();
  return key.value_or(SigningKey());
}

SigningKey Key(const std::string& bytes) {
  SigningKey key;
  key.key = bytes;
  return key;
}

std::string Sign(const std::vector<SigningKey>& keys, absl::string_view id, int64_t unix_seconds,
                 absl::string_view body) {
  return Signatures(keys, id, absl::FromUnixSeconds(unix_seconds), body);
}

TEST(SignerTest, ReproducesTheVectors) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(Sign({KeyOf(vector.secret)}, vector.id, vector.unix_seconds, vector.body),
              vector.signature)
        << vector.id;
  }
}

TEST(SignerTest, SignsWithEveryKeyInOrder) {
  const Vector& v1 = kVectors[0];
  const Vector& v1a = kVectors[2];

  EXPECT_EQ(Sign({KeyOf(v1a.secret), KeyOf(v1.secret)}, v1.id, v1.unix_seconds, v1.body),
            absl::StrCat(v1a.signature, " ", v1.signature));
}

TEST(SignerTest, SignsWithNoKeyThatHasExpired) {
  SigningKey old = Key("old");
  old.expire_time = absl::FromUnixSeconds(10);
  const std::string alone = Sign({Key("new")}, "msg_1", 10, "body");

  EXPECT_EQ(Sign({Key("new"), old}, "msg_1", 10, "body"), alone);
  EXPECT_NE(Sign({Key("new"), old}, "msg_1", 9, "body"), Sign({Key("new")}, "msg_1", 9, "body"));
}

TEST(SignerTest, EveryPartIsSigned) {
  const std::string signature = Sign({Key("key")}, "msg_1", 1, "body");

  EXPECT_NE(Sign({Key("yek")}, "msg_1", 1, "body"), signature);
  EXPECT_NE(Sign({Key("key")}, "msg_2", 1, "body"), signature);
  EXPECT_NE(Sign({Key("key")}, "msg_1", 2, "body"), signature);
  EXPECT_NE(Sign({Key("key")}, "msg_1", 1, absl::string_view("body\0", 5)), signature);
}

}  // namespace
}  // namespace crier::delivery
