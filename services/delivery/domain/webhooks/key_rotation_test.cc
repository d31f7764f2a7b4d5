#include "services/delivery/domain/webhooks/key_rotation.h"

#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/delivery/domain/attempts/signer.h"

namespace crier::delivery {
namespace {

using testing::ElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Webhook WebhookWithKey() {
  Webhook webhook;
  SigningKey key = MakeSigningKey(SigningScheme::kV1);
  key.number = 1;
  webhook.signing_keys = {key};
  return webhook;
}

Rotation To(SigningScheme scheme, absl::Duration overlap = kDefaultOverlap) {
  return {MakeSigningKey(scheme), overlap, ""};
}

std::vector<int> Numbers(const Webhook& webhook) {
  std::vector<int> numbers;
  for (const SigningKey& key : webhook.signing_keys) numbers.push_back(key.number);
  return numbers;
}

// How many signatures an attempt has at the time.
size_t SignaturesAt(const Webhook& webhook, absl::Time time) {
  const std::string all = Signatures(webhook.signing_keys, "msg_1", time, "{}");
  return all.empty() ? 0 : 1 + std::count(all.begin(), all.end(), ' ');
}

TEST(RotateSigningKeyTest, TheOldKeySignsUntilTheOverlapIsOver) {
  Webhook webhook = WebhookWithKey();

  ASSERT_TRUE(*RotateSigningKey(webhook, To(SigningScheme::kV1), kNow));

  EXPECT_THAT(Numbers(webhook), ElementsAre(2, 1));
  EXPECT_EQ(webhook.signing_keys[0].create_time, kNow);
  EXPECT_EQ(webhook.signing_keys[0].expire_time, absl::InfiniteFuture());
  EXPECT_EQ(webhook.signing_keys[1].expire_time, kNow + absl::Hours(24));
  EXPECT_EQ(SignaturesAt(webhook, kNow + absl::Hours(24) - absl::Nanoseconds(1)), 2u);
  EXPECT_EQ(SignaturesAt(webhook, kNow + absl::Hours(24)), 1u);
}

TEST(RotateSigningKeyTest, WithoutOverlapTheOldKeyLeavesAtOnce) {
  Webhook webhook = WebhookWithKey();

  ASSERT_TRUE(*RotateSigningKey(webhook, To(SigningScheme::kV1, absl::ZeroDuration()), kNow));

  EXPECT_THAT(Numbers(webhook), ElementsAre(2));
}

TEST(RotateSigningKeyTest, ALaterRotationDoesNotGiveAnOldKeyMoreTime) {
  Webhook webhook = WebhookWithKey();
  ASSERT_TRUE(*RotateSigningKey(webhook, To(SigningScheme::kV1, absl::Hours(1)), kNow));

  ASSERT_TRUE(*RotateSigningKey(webhook, To(SigningScheme::kV1, absl::Hours(9)), kNow));

  EXPECT_EQ(webhook.signing_keys[1].expire_time, kNow + absl::Hours(9));
  EXPECT_EQ(webhook.signing_keys[2].expire_time, kNow + absl::Hours(1));
}

TEST(RotateSigningKeyTest, TheOtherSchemeStays) {
  Webhook webhook = WebhookWithKey();

  ASSERT_TRUE(*RotateSigningKey(webhook, To(SigningScheme::kV1a, absl::ZeroDuration()), kNow));

  EXPECT_THAT(Numbers(webhook), ElementsAre(2, 1));
  EXPECT_EQ(SignaturesAt(webhook, kNow + absl::Hours(10'000)), 2u);
}

TEST(RotateSigningKeyTest, ExpiredKeysMakeRoom) {
  Webhook webhook = WebhookWithKey();
  for (int i = 0; i < 9; ++i) {
    ASSERT_TRUE(*RotateSigningKey(webhook, To(SigningScheme::kV1, absl::Hours(1)), kNow));
  }
  EXPECT_EQ(webhook.signing_keys.size(), 10u);

  EXPECT_EQ(ErrorReason(RotateSigningKey(webhook, To(SigningScheme::kV1), kNow).status()),
            "TOO_MANY_SIGNING_KEYS");
  EXPECT_EQ(webhook.signing_keys.size(), 10u);
  EXPECT_TRUE(*RotateSigningKey(webhook, To(SigningScheme::kV1), kNow + absl::Hours(1)));
  EXPECT_THAT(Numbers(webhook), ElementsAre(11, 10));
}

TEST(RotateSigningKeyTest, ARepetitionChangesNothing) {
  Webhook webhook = WebhookWithKey();
  Rotation rotation = To(SigningScheme::kV1);
  rotation.request_id = "once";
  ASSERT_TRUE(*RotateSigningKey(webhook, rotation, kNow));
  rotation.key = MakeSigningKey(SigningScheme::kV1);

  EXPECT_FALSE(*RotateSigningKey(webhook, rotation, kNow));

  EXPECT_THAT(Numbers(webhook), ElementsAre(2, 1));
  EXPECT_EQ(FindRotation(webhook, "once")->number, 2);
  EXPECT_EQ(FindRotation(webhook, ""), nullptr);
}

TEST(RotateSigningKeyTest, RefusesAKeyThatIsThere) {
  Webhook webhook = WebhookWithKey();

  const auto rotated = RotateSigningKey(webhook, {webhook.signing_keys[0], {}, ""}, kNow);

  EXPECT_EQ(rotated.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RevokeSigningKeyTest, TakesTheKeyAway) {
  Webhook webhook = WebhookWithKey();
  ASSERT_TRUE(*RotateSigningKey(webhook, To(SigningScheme::kV1), kNow));

  ASSERT_TRUE(*RevokeSigningKey(webhook, 1));

  EXPECT_THAT(Numbers(webhook), ElementsAre(2));
}

TEST(RevokeSigningKeyTest, RefusesTheLastThatStays) {
  Webhook webhook = WebhookWithKey();
  ASSERT_TRUE(*RotateSigningKey(webhook, To(SigningScheme::kV1), kNow));

  EXPECT_EQ(ErrorReason(RevokeSigningKey(webhook, 2).status()), "LAST_SIGNING_KEY");
  EXPECT_EQ(ErrorReason(RevokeSigningKey(webhook, 7).status()), "SIGNING_KEY_NOT_FOUND");
  EXPECT_THAT(Numbers(webhook), ElementsAre(2, 1));
}

}  // namespace
}  // namespace crier::delivery
