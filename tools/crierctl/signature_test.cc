#include "tools/crierctl/signature.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

// Published vectors of Standard Webhooks, and one with a body beyond ASCII.
struct Vector {
  std::string secret;
  SignedDelivery delivery;
};

const Vector kVectors[] = {
    {kSecret,
     {"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", R"({"test": 2432232314})"}},
    {"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
     {"msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", "1649367553",
      "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
      R"({"email":"test@example.com","username":"test_user"})"}},
    {kSecret,
     {"msg_utf8", "1674087231",
      "v1,e1lw5U52OkJW7g5TDBUgwqwqTBcUf/g8Vth+xi177HM=", R"({"fullName":"Zoë Ünïcode 😀"})"}},
};

absl::Time SignedAt(const SignedDelivery& delivery) {
  return absl::FromUnixSeconds(std::stoll(delivery.timestamp));
}

absl::Status Verify(const SignedDelivery& delivery, absl::Time now) {
  return SignatureVerifier::FromSecret(kSecret)->Verify(delivery, now);
}

TEST(SignatureVerifier, AcceptsTheVectors) {
  for (const Vector& vector : kVectors) {
    const auto verifier = SignatureVerifier::FromSecret(vector.secret);
    ASSERT_TRUE(verifier.ok()) << verifier.status();

    const absl::Status status = verifier->Verify(vector.delivery, SignedAt(vector.delivery));

    EXPECT_TRUE(status.ok()) << vector.delivery.id << ": " << status;
  }
}

TEST(SignatureVerifier, AcceptsOneGoodSignatureAmongOthers) {
  SignedDelivery delivery = kVectors[0].delivery;
  delivery.signature = absl::StrCat("v1a,AAAA v1,bm90IHRoaXM= ", delivery.signature);

  EXPECT_TRUE(Verify(delivery, SignedAt(delivery)).ok());
}

TEST(SignatureVerifier, RefusesAnyChange) {
  const SignedDelivery good = kVectors[0].delivery;
  SignedDelivery id = good, timestamp = good, body = good, signature = good;
  id.id += "x";
  timestamp.timestamp = "1614265331";
  body.body += " ";
  signature.signature[5] = 'A';

  for (const SignedDelivery& changed : {id, timestamp, body, signature}) {
    EXPECT_THAT(std::string(Verify(changed, SignedAt(good)).message()),
                HasSubstr("no v1 signature was made with this secret"));
  }
}

TEST(SignatureVerifier, RefusesAnotherKey) {
  const auto other = SignatureVerifier::FromSecret(kVectors[1].secret);

  EXPECT_FALSE(other->Verify(kVectors[0].delivery, SignedAt(kVectors[0].delivery)).ok());
}

TEST(SignatureVerifier, HoldsTheToleranceOnBothSides) {
  const SignedDelivery& delivery = kVectors[0].delivery;
  const absl::Time time = SignedAt(delivery);

  EXPECT_TRUE(Verify(delivery, time + absl::Minutes(5)).ok());
  EXPECT_TRUE(Verify(delivery, time - absl::Minutes(5)).ok());
  EXPECT_THAT(std::string(Verify(delivery, time + absl::Seconds(301)).message()),
              HasSubstr("5 minutes old"));
  EXPECT_THAT(std::string(Verify(delivery, time - absl::Seconds(301)).message()),
              HasSubstr("5 minutes ahead"));
}

TEST(SignatureVerifier, NamesTheHeaderThatIsMissingOrWrong) {
  SignedDelivery no_id = kVectors[0].delivery, no_time = no_id, no_signature = no_id,
                 bad_time = no_id, other_scheme = no_id;
  no_id.id.clear();
  no_time.timestamp.clear();
  no_signature.signature.clear();
  bad_time.timestamp = "yesterday";
  other_scheme.signature = "v1a,AAAA";
  const absl::Time now = SignedAt(kVectors[0].delivery);

  EXPECT_THAT(std::string(Verify(no_id, now).message()), HasSubstr("webhook-id is missing"));
  EXPECT_THAT(std::string(Verify(no_time, now).message()), HasSubstr("timestamp is missing"));
  EXPECT_THAT(std::string(Verify(no_signature, now).message()), HasSubstr("signature is missing"));
  EXPECT_THAT(std::string(Verify(bad_time, now).message()), HasSubstr("not a number"));
  EXPECT_THAT(std::string(Verify(other_scheme, now).message()), HasSubstr("has no v1 signature"));
}

TEST(SignatureVerifier, RefusesMangledSecretsWithoutRepeatingThem) {
  const std::string short_key = absl::StrCat("whsec_", absl::Base64Escape(std::string(23, 'k')));
  const std::string long_key = absl::StrCat("whsec_", absl::Base64Escape(std::string(65, 'k')));
  for (const std::string& secret :
       {std::string(), std::string("w"), std::string("whsec_"), std::string("whsec_%"),
        std::string("hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw "),
        std::string("whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), short_key, long_key}) {
    const auto verifier = SignatureVerifier::FromSecret(secret);

    EXPECT_EQ(verifier.status().code(), absl::StatusCode::kInvalidArgument) << secret;
    EXPECT_THAT(std::string(verifier.status().message()), Not(HasSubstr("MfKQ")));
  }
}

TEST(SignatureVerifier, TakesKeysAtTheLimits) {
  for (const size_t bytes : {24, 64}) {
    const std::string secret = absl::StrCat("whsec_", absl::Base64Escape(std::string(bytes, 'k')));
    EXPECT_TRUE(SignatureVerifier::FromSecret(secret).ok()) << bytes;
  }
}

}  // namespace
}  // namespace crier::crierctl
