#include "services/delivery/domain/attempts/echo_mask.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

using testing::ElementsAre;

Webhook SomeWebhook() {
  Webhook webhook;
  webhook.secret = "the secret";
  webhook.custom_headers = {{"authorization", "Bearer of the secret"}, {"x-debug", "true"}};
  return webhook;
}

AttemptResult Echo(const std::string& body) {
  AttemptResult result;
  result.status = 200;
  result.body = body;
  result.headers = {{"x-got", body}, {"server", "echo"}};
  MaskEchoes(SomeWebhook(), result);
  return result;
}

TEST(EchoMaskTest, MasksTheSecretAndCustomHeadersThatComeBack) {
  const AttemptResult result = Echo(
      R"({"x-commonroom-webhook-secret":"the secret","authorization":"Bearer of the secret"})");

  const char masked[] = R"({"x-commonroom-webhook-secret":"********","authorization":"********"})";
  EXPECT_EQ(result.body, masked);
  EXPECT_THAT(result.headers, ElementsAre(Header{"x-got", masked}, Header{"server", "echo"}));
}

TEST(EchoMaskTest, LeavesWhatIsThereByChance) {
  EXPECT_EQ(Echo(R"({"ok":true})").body, R"({"ok":true})");
  EXPECT_EQ(Echo(std::string("a\0b", 3)).body, std::string("a\0b", 3));
  EXPECT_EQ(Echo("").body, "");
}

TEST(EchoMaskTest, MasksASecretThatIsCut) {
  const std::string filling(kKeptBodyBytes, 'x');
  AttemptResult result;
  result.status = 200;
  result.body = absl::StrCat(filling, "Bearer of the secr").substr(18);
  result.headers = {
      {"x-got", absl::StrCat(filling, "the se").substr(filling.size() + 6 - kKeptValueBytes)},
      {"www-authenticate", "Bearer"}};
  ASSERT_THAT(result.body, testing::SizeIs(kKeptBodyBytes));
  ASSERT_THAT(result.headers[0].value, testing::SizeIs(kKeptValueBytes));

  MaskEchoes(SomeWebhook(), result);

  EXPECT_THAT(result.body, testing::EndsWith("x********"));
  EXPECT_THAT(result.headers[0].value, testing::EndsWith("x********"));
  EXPECT_EQ(result.headers[1].value, "Bearer") << "this one is whole";
}

TEST(EchoMaskTest, KeepsNoMoreThanThereWas) {
  Webhook webhook;
  webhook.secret = "aaaaaa";
  AttemptResult result;
  result.status = 200;
  result.body = std::string(20'000, 'a');

  MaskEchoes(webhook, result);

  EXPECT_EQ(result.body, std::string(20'000, '*'));
}

}  // namespace
}  // namespace crier::delivery
