#include "services/delivery/domain/webhooks/webhook_rules.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Webhook GoodWebhook() {
  Webhook webhook;
  webhook.display_name = "CRM";
  webhook.url = "https://hooks.example.com/hook";
  return webhook;
}

// The fields that are found wrong, of those named (all when none is named).
std::vector<std::string> WrongFields(const Webhook& webhook, std::set<std::string> fields = {}) {
  if (fields.empty()) fields.insert(WebhookSettings().begin(), WebhookSettings().end());
  FieldViolations violations;
  CheckWebhook(webhook, fields, *UrlPolicy::Create({}), violations);
  const absl::Status status = violations.ToStatus();
  std::vector<std::string> wrong;
  if (const auto detail = status.GetPayload("type.googleapis.com/google.rpc.BadRequest")) {
    google::rpc::BadRequest bad_request;
    EXPECT_TRUE(bad_request.ParseFromString(std::string(*detail)));
    for (const auto& violation : bad_request.field_violations()) wrong.push_back(violation.field());
  }
  return wrong;
}

TEST(WebhookRulesTest, AGoodWebhookPasses) {
  Webhook webhook = GoodWebhook();
  EXPECT_THAT(WrongFields(webhook), IsEmpty());

  webhook.display_name = std::string(255, 'n');
  webhook.secret = std::string(255, '~');
  webhook.custom_headers = {{"X-Env", "prod"}, {"authorization", std::string(1024, 'v')}};
  webhook.request_timeout = absl::Seconds(30);
  EXPECT_THAT(WrongFields(webhook), IsEmpty());
}

TEST(WebhookRulesTest, NameIsNeededAndLimited) {
  for (const std::string& name :
       {std::string(), std::string(" \t"), std::string(256, 'n'), std::string("a\0b", 3)}) {
    Webhook webhook = GoodWebhook();
    webhook.display_name = name;
    EXPECT_THAT(WrongFields(webhook), ElementsAre("webhook.display_name")) << name;
  }
}

TEST(WebhookRulesTest, UrlFollowsThePolicy) {
  for (const char* url : {"", "hooks.example.com", "http://hooks.example.com/", "https://10.0.0.1/",
                          "https://localhost/"}) {
    Webhook webhook = GoodWebhook();
    webhook.url = url;
    EXPECT_THAT(WrongFields(webhook), ElementsAre("webhook.url")) << url;
  }
}

TEST(WebhookRulesTest, SecretIsPrintableAscii) {
  for (const std::string& secret : {std::string(256, 's'), std::string("a\nb"), std::string("ü"),
                                    std::string(" a"), std::string("a ")}) {
    Webhook webhook = GoodWebhook();
    webhook.secret = secret;
    EXPECT_THAT(WrongFields(webhook), ElementsAre("webhook.secret")) << secret;
  }
}

TEST(WebhookRulesTest, HeadersMayNotReplaceThoseOfCrier) {
  for (const char* name : {"Host", "content-type", "Content-Length", "USER-AGENT", "Webhook-Id",
                           "webhook-foo", "X-CommonRoom-Webhook-Secret", "Connection", "TE"}) {
    Webhook webhook = GoodWebhook();
    webhook.custom_headers = {{name, "v"}};
    EXPECT_THAT(WrongFields(webhook),
                ElementsAre(absl::StrCat("webhook.custom_headers[\"", name, "\"]")));
  }
}

TEST(WebhookRulesTest, HeaderNamesAreTokens) {
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a:b"),
                                  std::string("a\r\nb"), std::string("ü"), std::string(256, 'n')}) {
    Webhook webhook = GoodWebhook();
    webhook.custom_headers = {{name, "v"}};
    EXPECT_EQ(WrongFields(webhook).size(), 1u) << name;
  }
}

TEST(WebhookRulesTest, HeaderValuesArePrintableAscii) {
  for (const std::string& value : {std::string("a\r\nx: y"), std::string("ü"), std::string(" a"),
                                   std::string(1025, 'v'), std::string("a\0b", 3)}) {
    Webhook webhook = GoodWebhook();
    webhook.custom_headers = {{"x-env", value}};
    EXPECT_THAT(WrongFields(webhook), ElementsAre("webhook.custom_headers[\"x-env\"]")) << value;
  }
}

TEST(WebhookRulesTest, HeadersDifferWithoutRegardToCase) {
  Webhook webhook = GoodWebhook();
  webhook.custom_headers = {{"X-Env", "a"}, {"x-env", "b"}};

  EXPECT_THAT(WrongFields(webhook), ElementsAre("webhook.custom_headers[\"x-env\"]"));
}

TEST(WebhookRulesTest, AtMostTwentyHeaders) {
  Webhook webhook = GoodWebhook();
  for (int i = 0; i < 20; ++i) webhook.custom_headers[absl::StrCat("x-", i)] = "v";
  EXPECT_THAT(WrongFields(webhook), IsEmpty());

  webhook.custom_headers["x-20"] = "v";
  EXPECT_THAT(WrongFields(webhook), ElementsAre("webhook.custom_headers"));
}

TEST(WebhookRulesTest, TimeoutIsFromOneToThirtySeconds) {
  for (const absl::Duration timeout :
       {absl::Milliseconds(999), absl::Seconds(31), absl::Seconds(-1), absl::ZeroDuration()}) {
    Webhook webhook = GoodWebhook();
    webhook.request_timeout = timeout;
    EXPECT_THAT(WrongFields(webhook), ElementsAre("webhook.request_timeout")) << timeout;
  }
}

TEST(WebhookRulesTest, NamesEverythingThatIsWrong) {
  Webhook webhook;
  webhook.request_timeout = absl::Hours(1);

  EXPECT_THAT(WrongFields(webhook),
              ElementsAre("webhook.display_name", "webhook.url", "webhook.request_timeout"));
}

TEST(WebhookRulesTest, LooksOnlyAtTheFieldsNamed) {
  Webhook webhook;
  webhook.request_timeout = absl::Hours(1);

  EXPECT_THAT(WrongFields(webhook, {"url"}), ElementsAre("webhook.url"));
  EXPECT_THAT(WrongFields(webhook, {"secret", "custom_headers"}), IsEmpty());
}

// A webhook in which every setting differs from the default.
Webhook OtherWebhook() {
  Webhook webhook = GoodWebhook();
  webhook.secret = "s";
  webhook.envelope = true;
  webhook.member_alias = true;
  webhook.custom_headers = {{"a", "b"}};
  webhook.request_timeout = absl::Seconds(2);
  return webhook;
}

TEST(CopySettingsTest, CopiesWhatIsNamed) {
  Webhook all;
  CopySettings(OtherWebhook(), {WebhookSettings().begin(), WebhookSettings().end()}, all);
  EXPECT_EQ(all.display_name, "CRM");
  EXPECT_EQ(all.url, "https://hooks.example.com/hook");
  EXPECT_EQ(all.secret, "s");
  EXPECT_TRUE(all.envelope);
  EXPECT_TRUE(all.member_alias);
  EXPECT_EQ(all.custom_headers, OtherWebhook().custom_headers);
  EXPECT_EQ(all.request_timeout, absl::Seconds(2));

  Webhook one;
  CopySettings(OtherWebhook(), {"envelope"}, one);
  EXPECT_TRUE(one.envelope);
  EXPECT_FALSE(one.member_alias);
  EXPECT_TRUE(one.url.empty());
}

TEST(CopySettingsTest, AnotherUrlIsAnotherReceiverWhichHasNotFailed) {
  Webhook webhook = OtherWebhook();
  webhook.failing.emplace();

  CopySettings(OtherWebhook(), {"url"}, webhook);
  EXPECT_NE(webhook.failing, std::nullopt);

  Webhook moved;
  moved.url = "https://hooks.example.com/other";
  CopySettings(moved, {"url"}, webhook);
  EXPECT_EQ(webhook.failing, std::nullopt);
}

TEST(WebhookRulesTest, DelaysAreFewAndWithinADay) {
  Webhook webhook = GoodWebhook();
  webhook.retry_policy.delays = {absl::Seconds(1), absl::Hours(24)};
  EXPECT_THAT(WrongFields(webhook), IsEmpty());

  webhook.retry_policy.delays = {absl::Milliseconds(999), absl::Seconds(1),
                                 absl::Hours(24) + absl::Nanoseconds(1)};
  EXPECT_THAT(WrongFields(webhook),
              ElementsAre("webhook.retry_policy.delays[0]", "webhook.retry_policy.delays[2]"));
  webhook.retry_policy.delays.assign(21, absl::Seconds(1));
  EXPECT_THAT(WrongFields(webhook), ElementsAre("webhook.retry_policy.delays"));
}

TEST(WebhookRulesTest, AttemptsAreCountedInOneWayOnly) {
  Webhook webhook = GoodWebhook();
  for (const int good : {0, 1, 10}) {
    webhook.retry_policy.max_attempts = good;
    EXPECT_THAT(WrongFields(webhook), IsEmpty());
  }
  for (const int bad : {-1, 11}) {
    webhook.retry_policy.max_attempts = bad;
    EXPECT_THAT(WrongFields(webhook), ElementsAre("webhook.retry_policy.max_attempts"));
  }
  webhook.retry_policy.max_attempts = 2;
  webhook.retry_policy.delays = {absl::Seconds(1)};
  EXPECT_THAT(WrongFields(webhook), ElementsAre("webhook.retry_policy.max_attempts"));
}

TEST(WebhookRulesTest, LimitsAreWithinBounds) {
  Webhook webhook = GoodWebhook();
  webhook.attempts_per_minute = 600'000;
  webhook.max_concurrency = 1000;
  EXPECT_THAT(WrongFields(webhook), IsEmpty());

  for (const int bad : {-1, 600'001}) {
    webhook.attempts_per_minute = bad;
    webhook.max_concurrency = bad;
    EXPECT_THAT(WrongFields(webhook),
                ElementsAre("webhook.attempts_per_minute", "webhook.max_concurrency"));
  }
}

}  // namespace
}  // namespace crier::delivery
