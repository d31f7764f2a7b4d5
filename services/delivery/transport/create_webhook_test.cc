// Creating webhooks by RPC.
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "common/api/time.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/delivery/transport/webhook_service_test.h"

namespace crier::delivery::transport {
namespace {

using testing::ElementsAre;

constexpr char kNoSuchWebhook[] = "communities/7/webhooks/4711";

TEST_F(WebhookServiceTest, CreateFillsInWhatWasLeftOut) {
  const v1::Webhook webhook = MustCreate();

  EXPECT_TRUE(absl::StartsWith(webhook.name(), "communities/7/webhooks/")) << webhook.name();
  EXPECT_EQ(webhook.display_name(), "CRM");
  EXPECT_EQ(webhook.url(), "https://hooks.example.com/hook");
  EXPECT_FALSE(webhook.has_secret());
  EXPECT_EQ(webhook.payload_version(), "202304");
  EXPECT_FALSE(webhook.envelope());
  EXPECT_FALSE(webhook.member_alias());
  EXPECT_EQ(api::FromProto(webhook.request_timeout()), absl::Seconds(15));
  EXPECT_EQ(api::FromProto(webhook.create_time()), absl::FromUnixMicros(1700000000123456));
  EXPECT_EQ(api::FromProto(webhook.update_time()), api::FromProto(webhook.create_time()));
  EXPECT_NE(webhook.etag(), "");
  EXPECT_TRUE(absl::StartsWith(webhook.signing_secret(), "whsec_"));
}

TEST_F(WebhookServiceTest, WhatTheServerAssignsIsIgnoredOnInput) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.mutable_webhook()->set_name(kNoSuchWebhook);
  request.mutable_webhook()->set_has_secret(true);
  request.mutable_webhook()->set_signing_secret("whsec_mine");
  request.mutable_webhook()->set_etag("mine");

  const v1::Webhook created = MustCreate(request);

  EXPECT_NE(created.name(), kNoSuchWebhook);
  EXPECT_FALSE(created.has_secret());
  EXPECT_NE(created.signing_secret(), "whsec_mine");
  EXPECT_NE(created.etag(), "mine");
}

// A mistake in a request to create a webhook, and the field that the answer names.
struct Mistake {
  const char* field;
  std::function<void(v1::CreateWebhookRequest&)> make;
};

const std::vector<Mistake>& Mistakes() {
  using Request = v1::CreateWebhookRequest;
  static const auto* const mistakes = new std::vector<Mistake>{
      {"parent", [](Request& r) { r.clear_parent(); }},
      {"parent", [](Request& r) { r.set_parent("communities/0"); }},
      {"parent", [](Request& r) { r.set_parent("communities/7/webhooks/1"); }},
      {"request_id", [](Request& r) { r.set_request_id(std::string(65, 'r')); }},
      {"request_id", [](Request& r) { r.set_request_id("ü"); }},
      {"webhook.display_name", [](Request& r) { r.mutable_webhook()->clear_display_name(); }},
      {"webhook.url", [](Request& r) { r.mutable_webhook()->clear_url(); }},
      {"webhook.url", [](Request& r) { r.mutable_webhook()->set_url("https://10.0.0.1/"); }},
      {"webhook.url", [](Request& r) { r.mutable_webhook()->set_url("https://u:p@a.com/"); }},
      {"webhook.secret", [](Request& r) { r.mutable_webhook()->set_secret("a\nb"); }},
      {"webhook.payload_version",
       [](Request& r) { r.mutable_webhook()->set_payload_version("202305"); }},
      {"webhook.custom_headers[\"Host\"]",
       [](Request& r) { (*r.mutable_webhook()->mutable_custom_headers())["Host"] = "a"; }},
      {"webhook.custom_headers[\"x\"]",
       [](Request& r) { (*r.mutable_webhook()->mutable_custom_headers())["x"] = "a\r\nb"; }},
      {"webhook.request_timeout",
       [](Request& r) { r.mutable_webhook()->mutable_request_timeout()->set_seconds(31); }},
      {"webhook.request_timeout",
       [](Request& r) { r.mutable_webhook()->mutable_request_timeout(); }},
      {"webhook.request_timeout",
       [](Request& r) {
         r.mutable_webhook()->mutable_request_timeout()->set_seconds(1);
         r.mutable_webhook()->mutable_request_timeout()->set_nanos(2000000000);
       }},
      {"webhook.request_timeout",
       [](Request& r) {
         r.mutable_webhook()->mutable_request_timeout()->set_seconds(5);
         r.mutable_webhook()->mutable_request_timeout()->set_nanos(-1);
       }},
      {"webhook.request_timeout",
       [](Request& r) {
         r.mutable_webhook()->mutable_request_timeout()->set_seconds(
             std::numeric_limits<int64_t>::max());
       }},
  };
  return *mistakes;
}

TEST_F(WebhookServiceTest, CreateNamesTheWrongFieldAndStoresNothing) {
  for (const bool validate_only : {false, true}) {
    for (const Mistake& mistake : Mistakes()) {
      v1::CreateWebhookRequest request = CreateRequest();
      request.set_validate_only(validate_only);
      mistake.make(request);

      const absl::Status status = Create(request).status();

      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << mistake.field;
      EXPECT_THAT(WrongFields(status), ElementsAre(mistake.field)) << status;
    }
  }
  EXPECT_EQ(store_.size(), 0u);
}

TEST_F(WebhookServiceTest, CreateNamesEverythingThatIsWrong) {
  v1::CreateWebhookRequest request;
  request.set_parent("communities/7");
  request.set_request_id("\n");
  request.mutable_webhook()->set_payload_version("1");

  EXPECT_THAT(
      WrongFields(Create(request).status()),
      ElementsAre("request_id", "webhook.payload_version", "webhook.display_name", "webhook.url"));
}

TEST_F(WebhookServiceTest, ErrorsHoldNoSecrets) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.mutable_webhook()->set_secret("hush\n");
  (*request.mutable_webhook()->mutable_custom_headers())["x"] = "hush\n";
  request.mutable_webhook()->set_url("https://user:hush@hooks.example.com/");

  const absl::Status status = Create(request).status();

  ASSERT_EQ(WrongFields(status).size(), 3u);
  EXPECT_FALSE(
      absl::StrContains(status.ToString(absl::StatusToStringMode::kWithEverything), "hush"));
}

TEST_F(WebhookServiceTest, WhatIsWrongWithThePaceIsNamed) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.mutable_webhook()->mutable_retry_policy()->add_delays()->set_nanos(-1);
  request.mutable_webhook()->set_max_concurrency(-1);

  EXPECT_THAT(WrongFields(Create(request).status()),
              ElementsAre("webhook.retry_policy.delays[0]", "webhook.max_concurrency"));
}

TEST_F(WebhookServiceTest, ValidateOnlyShowsTheWebhookWithoutCreatingIt) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.mutable_webhook()->set_secret("s3cret");
  request.set_request_id("request");
  request.set_validate_only(true);

  const v1::Webhook shown = MustCreate(request);

  EXPECT_EQ(shown.name(), "");
  EXPECT_EQ(shown.display_name(), "CRM");
  EXPECT_TRUE(shown.has_secret());
  EXPECT_EQ(shown.payload_version(), "202304");
  EXPECT_EQ(shown.signing_secret(), "");
  EXPECT_EQ(shown.etag(), "");
  EXPECT_FALSE(shown.has_create_time());
  EXPECT_EQ(store_.size(), 0u);
}

TEST_F(WebhookServiceTest, RepeatedRequestReturnsTheSameWebhookWithItsSigningSecret) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.set_request_id("request");

  const v1::Webhook first = MustCreate(request);
  const v1::Webhook again = MustCreate(request);

  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(store_.size(), 1u);
}

TEST_F(WebhookServiceTest, ConcurrentRepetitionsCreateOnce) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.set_request_id("request");
  std::vector<std::string> secrets(8);
  std::vector<std::thread> callers;
  for (std::string& secret : secrets) {
    callers.emplace_back([&] { secret = MustCreate(request).signing_secret(); });
  }
  for (std::thread& caller : callers) caller.join();

  EXPECT_EQ(std::set<std::string>(secrets.begin(), secrets.end()).size(), 1u);
  EXPECT_EQ(store_.size(), 1u);
}

TEST_F(WebhookServiceTest, RequestIdOfADeletedWebhookIsSpent) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.set_request_id("request");
  ASSERT_TRUE(Delete(MustCreate(request).name()).ok());

  const absl::Status status = Create(request).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorReason(status), "REQUEST_ID_SPENT");
}

}  // namespace
}  // namespace crier::delivery::transport
