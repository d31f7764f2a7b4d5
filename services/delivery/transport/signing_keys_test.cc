// The methods of WebhookService about signing keys.
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "common/api/time.h"
#include "gmock/gmock.h"
#include "services/delivery/domain/webhooks/signing_key.h"
#include "services/delivery/transport/webhook_service_test.h"

namespace crier::delivery::transport {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

constexpr char kSymmetric[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kPrivate[] =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

class SigningKeysTest : public WebhookServiceTest {
 protected:
  absl::StatusOr<v1::RotateSigningSecretResponse> Rotate(
      const v1::Webhook& webhook,
      const std::function<void(v1::RotateSigningSecretRequest&)>& change = {}) {
    v1::RotateSigningSecretRequest request;
    request.set_name(webhook.name());
    if (change) change(request);
    return client_.Call<v1::RotateSigningSecretResponse>(&Stub::RotateSigningSecret, request);
  }

  absl::StatusOr<v1::Webhook> Revoke(const v1::Webhook& webhook, int number) {
    v1::RevokeSigningKeyRequest request;
    request.set_name(webhook.name());
    request.set_key_number(number);
    return client_.Call<v1::Webhook>(&Stub::RevokeSigningKey, request);
  }

  static std::vector<int> Numbers(const v1::Webhook& webhook) {
    std::vector<int> numbers;
    for (const v1::SigningKey& key : webhook.signing_keys()) numbers.push_back(key.number());
    return numbers;
  }

  std::vector<SigningKey> Stored(const v1::Webhook& webhook) {
    return store_.Get(*api::ParseResource("", api::kWebhooks, webhook.name()), {})->signing_keys;
  }
};

TEST_F(SigningKeysTest, AWebhookBeginsWithASymmetricKey) {
  const v1::Webhook webhook = MustCreate();

  EXPECT_THAT(webhook.signing_secret(), StartsWith("whsec_"));
  EXPECT_THAT(Numbers(webhook), ElementsAre(1));
  EXPECT_EQ(webhook.signing_keys(0).scheme(), v1::V1);
  EXPECT_EQ(webhook.signing_keys(0).public_key(), "");
  EXPECT_FALSE(webhook.signing_keys(0).has_expire_time());
}

TEST_F(SigningKeysTest, KeysAreMadeOrImportedOnCreation) {
  v1::CreateWebhookRequest made = CreateRequest();
  made.set_signing_scheme(v1::V1A);
  v1::CreateWebhookRequest imported = CreateRequest();
  imported.set_signing_secret(kPrivate);

  EXPECT_THAT(MustCreate(made).signing_secret(), StartsWith("whsk_"));
  const v1::Webhook webhook = MustCreate(imported);
  EXPECT_EQ(webhook.signing_secret(), kPrivate);
  EXPECT_EQ(webhook.signing_keys(0).scheme(), v1::V1A);
  EXPECT_EQ(webhook.signing_keys(0).public_key(),
            "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
}

TEST_F(SigningKeysTest, ASecretIsShownOnce) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.set_request_id("once");
  const v1::Webhook webhook = MustCreate(request);
  const auto rotated = Rotate(webhook, [](auto& r) { r.set_request_id("twice"); });
  ASSERT_TRUE(rotated.ok()) << rotated.status();

  for (const std::string& secret : {webhook.signing_secret(), rotated->signing_secret()}) {
    const std::string bytes = ParseSigningSecret(secret)->key;
    for (const std::string& text : {secret, bytes, absl::Base64Escape(bytes)}) {
      EXPECT_EQ(Get(webhook.name())->SerializeAsString().find(text), std::string::npos);
      EXPECT_EQ(List("communities/7")->SerializeAsString().find(text), std::string::npos);
      EXPECT_EQ(rotated->webhook().SerializeAsString().find(text), std::string::npos);
    }
  }
  clock_.Advance(absl::Minutes(59));
  EXPECT_EQ(MustCreate(request).signing_secret(), webhook.signing_secret())
      << "its first answer may have been lost";
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(MustCreate(request).signing_secret(), "");
  EXPECT_EQ(Rotate(webhook, [](auto& r) { r.set_request_id("twice"); })->signing_secret(), "");
}

TEST_F(SigningKeysTest, RotationKeepsTheOldKeyForADay) {
  const v1::Webhook webhook = MustCreate();

  const auto rotated = Rotate(webhook);

  ASSERT_TRUE(rotated.ok()) << rotated.status();
  EXPECT_THAT(Numbers(rotated->webhook()), ElementsAre(2, 1));
  EXPECT_EQ(api::FromProto(rotated->webhook().signing_keys(1).expire_time()),
            absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now())) + absl::Hours(24));
  EXPECT_NE(rotated->webhook().etag(), webhook.etag());
  EXPECT_EQ(Stored(webhook)[0].key, ParseSigningSecret(rotated->signing_secret())->key);
  EXPECT_EQ(Stored(webhook)[1].key, ParseSigningSecret(webhook.signing_secret())->key);
}

TEST_F(SigningKeysTest, RotationImportsAndChangesScheme) {
  const v1::Webhook webhook = MustCreate();

  const auto imported = Rotate(webhook, [](auto& r) {
    r.set_signing_secret(kSymmetric);
    *r.mutable_overlap() = api::ToProto(absl::ZeroDuration());
  });
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(imported->signing_secret(), kSymmetric);
  EXPECT_THAT(Numbers(imported->webhook()), ElementsAre(2));

  const auto both = Rotate(webhook, [](auto& r) { r.set_signing_scheme(v1::V1A); });
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_THAT(Numbers(both->webhook()), ElementsAre(3, 2)) << "signed both ways";
  const auto one = Revoke(webhook, 2);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_THAT(Numbers(*one), ElementsAre(3));
}

TEST_F(SigningKeysTest, ARepeatedRotationChangesNothing) {
  const v1::Webhook webhook = MustCreate();
  const auto once = [](auto& r) { r.set_request_id("once"); };
  const auto first = Rotate(webhook, once);
  ASSERT_TRUE(first.ok()) << first.status();

  const auto again = Rotate(webhook, once);

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
}

TEST_F(SigningKeysTest, WrongRotationsAreNamedAndChangeNothing) {
  const v1::Webhook webhook = MustCreate();
  using Request = v1::RotateSigningSecretRequest;
  const auto wrong = [&](const std::function<void(Request&)>& change) {
    return WrongFields(Rotate(webhook, change).status());
  };
  for (const char* secret :
       {"w", "whsec_%", "hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_",
        "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", "whsk_6Xb/dCcH", "whsec_AAAA"}) {
    EXPECT_THAT(wrong([&](Request& r) { r.set_signing_secret(secret); }),
                ElementsAre("signing_secret"))
        << secret;
    const absl::Status status =
        Rotate(webhook, [&](Request& r) { r.set_signing_secret(secret); }).status();
    EXPECT_FALSE(absl::StrContains(status.ToString(), secret) && std::string(secret).size() > 6);
  }
  EXPECT_THAT(wrong([](Request& r) {
                r.set_signing_secret(kSymmetric);
                r.set_signing_scheme(v1::V1A);
              }),
              ElementsAre("signing_scheme"));
  EXPECT_THAT(wrong([](Request& r) { r.set_signing_scheme(static_cast<v1::SigningScheme>(9)); }),
              ElementsAre("signing_scheme"));
  for (const absl::Duration overlap :
       {absl::Hours(7 * 24) + absl::Nanoseconds(1), -absl::Nanoseconds(1)}) {
    EXPECT_THAT(wrong([&](Request& r) { *r.mutable_overlap() = api::ToProto(overlap); }),
                ElementsAre("overlap"));
  }
  EXPECT_THAT(wrong([](Request& r) { r.set_request_id(std::string(65, 'x')); }),
              ElementsAre("request_id"));
  EXPECT_THAT(wrong([](Request& r) { r.set_name("webhooks/1"); }), ElementsAre("name"));
  EXPECT_EQ(ErrorReason(Rotate(webhook, [](Request& r) { r.set_etag("stale"); }).status()),
            "ETAG_MISMATCH");
  EXPECT_EQ(Get(webhook.name())->etag(), webhook.etag());
}

TEST_F(SigningKeysTest, TheLastKeyIsNotRevoked) {
  const v1::Webhook webhook = MustCreate();

  EXPECT_EQ(ErrorReason(Revoke(webhook, 1).status()), "LAST_SIGNING_KEY");
  EXPECT_EQ(ErrorReason(Revoke(webhook, 2).status()), "SIGNING_KEY_NOT_FOUND");
  EXPECT_EQ(Get(webhook.name())->etag(), webhook.etag());
}

}  // namespace
}  // namespace crier::delivery::transport
