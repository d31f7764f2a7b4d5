// Creating, reading, changing and deleting webhooks by RPC.
#include "services/delivery/transport/webhook_service_test.h"

#include <functional>
#include <limits>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"

namespace crier::delivery::transport {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

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

TEST_F(WebhookServiceTest, SecretsAreNotShown) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.mutable_webhook()->set_secret("s3cret");
  const v1::Webhook created = MustCreate(request);
  v1::Webhook change;
  change.set_name(created.name());
  change.set_envelope(true);

  const auto got = Get(created.name());
  const auto listed = List("communities/7");
  const auto updated = Update(change, {});

  ASSERT_TRUE(got.ok() && listed.ok() && updated.ok());
  ASSERT_EQ(listed->webhooks_size(), 1);
  EXPECT_EQ(created.secret(), "");
  for (const v1::Webhook& shown : {*got, listed->webhooks(0), *updated}) {
    EXPECT_TRUE(shown.has_secret());
    EXPECT_EQ(shown.secret(), "");
    EXPECT_EQ(shown.signing_secret(), "");
  }
}

TEST_F(WebhookServiceTest, GetReturnsWhatWasCreated) {
  v1::CreateWebhookRequest request = CreateRequest();
  v1::Webhook& webhook = *request.mutable_webhook();
  webhook.set_payload_version("202304");
  webhook.set_envelope(true);
  webhook.set_member_alias(true);
  (*webhook.mutable_custom_headers())["X-Env"] = "prod";
  webhook.mutable_request_timeout()->set_seconds(2);
  webhook.mutable_request_timeout()->set_nanos(5);
  v1::Webhook created = MustCreate(request);

  const auto got = Get(created.name());

  created.clear_signing_secret();
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->SerializeAsString(), created.SerializeAsString());
  EXPECT_EQ(got->custom_headers().at("X-Env"), "prod");
  EXPECT_EQ(got->request_timeout().nanos(), 5);
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

TEST_F(WebhookServiceTest, MalformedNamesAreNamed) {
  for (const char* name :
       {"", "webhooks/1", "communities/7", "communities/7/webhooks/", "communities/7/webhooks/0",
        "communities/7/webhooks/-1", "communities/7/webhooks/01", "communities/7/webhooks/x",
        "communities/7/contacts/1", "communities/7/webhooks/1/x",
        "communities/7/webhooks/9223372036854775808"}) {
    v1::Webhook change;
    change.set_name(name);
    change.set_envelope(true);

    EXPECT_THAT(WrongFields(Get(name).status()), ElementsAre("name")) << name;
    EXPECT_THAT(WrongFields(Delete(name)), ElementsAre("name")) << name;
    EXPECT_THAT(WrongFields(Update(change, {}).status()), ElementsAre("webhook.name")) << name;
  }
}

TEST_F(WebhookServiceTest, UnknownWebhooksAreNotFound) {
  v1::Webhook change;
  change.set_name(kNoSuchWebhook);

  for (const absl::Status& status :
       {Get(kNoSuchWebhook).status(), Delete(kNoSuchWebhook), Update(change, {}).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(ErrorReason(status), "WEBHOOK_NOT_FOUND");
  }
}

TEST_F(WebhookServiceTest, ListGoesThroughAllPagesOldestFirst) {
  std::vector<std::string> names;
  for (int i = 0; i < 5; ++i) names.push_back(MustCreate().name());
  std::vector<std::string> listed;
  std::string token;
  int pages = 0;

  do {
    const auto page = List("communities/7", 2, token);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Webhook& webhook : page->webhooks()) listed.push_back(webhook.name());
    token = page->next_page_token();
    ++pages;
  } while (!token.empty());

  EXPECT_EQ(listed, names);
  EXPECT_EQ(pages, 3);
}

TEST_F(WebhookServiceTest, LastFullPageHasNoToken) {
  MustCreate();
  MustCreate();

  const auto page = List("communities/7", 2);

  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->webhooks_size(), 2);
  EXPECT_EQ(page->next_page_token(), "");
}

TEST_F(WebhookServiceTest, ListRefusesBadPages) {
  MustCreate();
  MustCreate();
  const std::string token = List("communities/7", 1)->next_page_token();
  ASSERT_NE(token, "");

  EXPECT_THAT(WrongFields(List("communities/x").status()), ElementsAre("parent"));
  EXPECT_THAT(WrongFields(List("communities/7", -1).status()), ElementsAre("page_size"));
  EXPECT_THAT(WrongFields(List("communities/7", 1, "x").status()), ElementsAre("page_token"));
  EXPECT_THAT(WrongFields(List("communities/8", 1, token).status()), ElementsAre("page_token"));
}

TEST_F(WebhookServiceTest, UpdateChangesWhatTheMaskNames) {
  const v1::Webhook created = MustCreate();
  v1::Webhook change = created;
  change.set_display_name("renamed");
  change.set_url("http://nonsense");
  clock_.Advance(absl::Seconds(1));

  const auto updated = Update(change, {"display_name"});

  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->display_name(), "renamed");
  EXPECT_EQ(updated->url(), created.url());
  EXPECT_NE(updated->etag(), created.etag());
  EXPECT_EQ(api::FromProto(updated->create_time()), api::FromProto(created.create_time()));
  EXPECT_EQ(api::FromProto(updated->update_time()),
            api::FromProto(created.create_time()) + absl::Seconds(1));
  EXPECT_EQ(Get(created.name())->SerializeAsString(), updated->SerializeAsString());
}

TEST_F(WebhookServiceTest, UpdateWithoutMaskChangesWhatIsSet) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.mutable_webhook()->set_secret("s3cret");
  v1::Webhook change;
  change.set_name(MustCreate(request).name());
  change.set_member_alias(true);

  const auto updated = Update(change, {});

  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_TRUE(updated->member_alias());
  EXPECT_TRUE(updated->has_secret());
  EXPECT_EQ(updated->display_name(), "CRM");
}

TEST_F(WebhookServiceTest, MaskedFieldsThatAreEmptyGetTheirDefaults) {
  v1::CreateWebhookRequest request = CreateRequest();
  v1::Webhook& webhook = *request.mutable_webhook();
  webhook.set_secret("s3cret");
  (*webhook.mutable_custom_headers())["x"] = "y";
  webhook.mutable_request_timeout()->set_seconds(2);
  v1::Webhook change;
  change.set_name(MustCreate(request).name());

  const auto updated = Update(change, {"secret", "custom_headers", "request_timeout"});

  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_FALSE(updated->has_secret());
  EXPECT_TRUE(updated->custom_headers().empty());
  EXPECT_EQ(api::FromProto(updated->request_timeout()), absl::Seconds(15));
}

TEST_F(WebhookServiceTest, StarChangesEverySetting) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.mutable_webhook()->set_secret("s3cret");
  request.mutable_webhook()->set_envelope(true);
  v1::Webhook change = CreateRequest().webhook();
  change.set_name(MustCreate(request).name());

  const auto updated = Update(change, {"*"});

  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_FALSE(updated->has_secret());
  EXPECT_FALSE(updated->envelope());
  change.clear_display_name();
  EXPECT_THAT(WrongFields(Update(change, {"*"}).status()), ElementsAre("webhook.display_name"));
}

TEST_F(WebhookServiceTest, UpdateRefusesWhatCannotBeChanged) {
  const v1::Webhook created = MustCreate();

  for (const char* path : {"name", "etag", "signing_secret", "has_secret", "create_time",
                           "no_such_field", "custom_headers.x", ""}) {
    const absl::Status status = Update(created, {"display_name", path}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_THAT(WrongFields(status), Contains("update_mask")) << path;
  }
  EXPECT_EQ(Get(created.name())->etag(), created.etag());
}

TEST_F(WebhookServiceTest, UpdateWithAWrongValueChangesNothing) {
  const v1::Webhook created = MustCreate();
  v1::Webhook change = created;
  change.set_display_name("renamed");
  change.set_url("https://127.1/");

  EXPECT_THAT(WrongFields(Update(change, {"display_name", "url"}).status()),
              ElementsAre("webhook.url"));

  EXPECT_EQ(Get(created.name())->display_name(), "CRM");
}

TEST_F(WebhookServiceTest, StaleEtagsAreRefused) {
  const v1::Webhook created = MustCreate();
  v1::Webhook change = created;
  change.set_envelope(true);
  ASSERT_TRUE(Update(change, {"envelope"}).ok());

  const absl::Status update = Update(change, {"envelope"}).status();
  const absl::Status deletion = Delete(created.name(), created.etag());

  EXPECT_EQ(update.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(update), "ETAG_MISMATCH");
  EXPECT_EQ(deletion.code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(Delete(created.name(), Get(created.name())->etag()).ok());
}

TEST_F(WebhookServiceTest, ThePaceOfAWebhookIsStoredAsItWasGiven) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.mutable_webhook()->mutable_retry_policy()->add_delays()->set_seconds(30);
  request.mutable_webhook()->set_attempts_per_minute(90);
  request.mutable_webhook()->set_max_concurrency(2);
  request.mutable_webhook()->set_operational(true);

  v1::Webhook webhook = MustCreate(request);

  EXPECT_EQ(webhook.retry_policy().delays(0).seconds(), 30);
  EXPECT_EQ(webhook.attempts_per_minute(), 90);
  EXPECT_EQ(webhook.max_concurrency(), 2);
  EXPECT_TRUE(webhook.operational());
  webhook.clear_retry_policy();
  const auto updated = Update(webhook, {"retry_policy"});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_FALSE(updated->has_retry_policy());
  EXPECT_EQ(updated->max_concurrency(), 2);
}

TEST_F(WebhookServiceTest, WhatIsWrongWithThePaceIsNamed) {
  v1::CreateWebhookRequest request = CreateRequest();
  request.mutable_webhook()->mutable_retry_policy()->add_delays()->set_nanos(-1);
  request.mutable_webhook()->set_max_concurrency(-1);

  EXPECT_THAT(WrongFields(Create(request).status()),
              ElementsAre("webhook.retry_policy.delays[0]", "webhook.max_concurrency"));
}

TEST_F(WebhookServiceTest, StatesChangeByTheirMethods) {
  const v1::Webhook created = MustCreate();
  EXPECT_EQ(created.state(), v1::Webhook::ENABLED);
  EXPECT_FALSE(created.has_state_change_time());

  EXPECT_EQ(ChangeState<v1::PauseWebhookRequest>(&Stub::PauseWebhook, created.name())->state(),
            v1::Webhook::PAUSED);
  EXPECT_EQ(ChangeState<v1::ResumeWebhookRequest>(&Stub::ResumeWebhook, created.name())->state(),
            v1::Webhook::ENABLED);
  const auto disabled =
      ChangeState<v1::DisableWebhookRequest>(&Stub::DisableWebhook, created.name());
  EXPECT_EQ(disabled->state(), v1::Webhook::DISABLED);
  EXPECT_EQ(disabled->disable_reason(), v1::Webhook::MANUAL);
  EXPECT_TRUE(disabled->has_state_change_time());
  EXPECT_EQ(Get(created.name())->state(), v1::Webhook::DISABLED);
  const auto enabled = ChangeState<v1::EnableWebhookRequest>(&Stub::EnableWebhook, created.name());
  EXPECT_EQ(enabled->state(), v1::Webhook::ENABLED);
  EXPECT_EQ(enabled->disable_reason(), v1::Webhook::DISABLE_REASON_UNSPECIFIED);
}

TEST_F(WebhookServiceTest, AStateIsNoFieldOfUpdate) {
  v1::Webhook change = MustCreate();
  change.set_state(v1::Webhook::PAUSED);

  EXPECT_THAT(WrongFields(Update(change, {"state"}).status()), ElementsAre("update_mask"));
}

TEST_F(WebhookServiceTest, AStateIsChangedUnderTheEtagAndWhereAStepLeadsToIt) {
  const v1::Webhook created = MustCreate();

  const absl::Status stale =
      ChangeState<v1::PauseWebhookRequest>(&Stub::PauseWebhook, created.name(), "v9").status();
  ASSERT_TRUE(
      ChangeState<v1::PauseWebhookRequest>(&Stub::PauseWebhook, created.name(), created.etag())
          .ok());
  const absl::Status impossible =
      ChangeState<v1::EnableWebhookRequest>(&Stub::EnableWebhook, created.name()).status();

  EXPECT_EQ(ErrorReason(stale), "ETAG_MISMATCH");
  EXPECT_EQ(impossible.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(impossible), "WEBHOOK_STATE");
  EXPECT_TRUE(absl::IsNotFound(
      ChangeState<v1::PauseWebhookRequest>(&Stub::PauseWebhook, "communities/7/webhooks/99")
          .status()));
  EXPECT_THAT(
      WrongFields(ChangeState<v1::PauseWebhookRequest>(&Stub::PauseWebhook, "webhooks/1").status()),
      ElementsAre("name"));
}

TEST_F(WebhookServiceTest, DeletedWebhooksAreGone) {
  const v1::Webhook created = MustCreate();

  ASSERT_TRUE(Delete(created.name()).ok());

  EXPECT_TRUE(absl::IsNotFound(Get(created.name()).status()));
  EXPECT_TRUE(absl::IsNotFound(Delete(created.name())));
  EXPECT_THAT(List("communities/7")->webhooks(), IsEmpty());
}

TEST_F(WebhookServiceTest, DatabaseThatIsAwayIsUnavailable) {
  const v1::Webhook created = MustCreate();
  store_.FailWith(absl::UnavailableError("the database is away"));

  EXPECT_TRUE(absl::IsUnavailable(Create(CreateRequest()).status()));
  EXPECT_TRUE(absl::IsUnavailable(Get(created.name()).status()));
  EXPECT_TRUE(absl::IsUnavailable(List("communities/7").status()));
  EXPECT_TRUE(absl::IsUnavailable(Update(created, {"envelope"}).status()));
  EXPECT_TRUE(absl::IsUnavailable(Delete(created.name())));
  store_.FailWith(absl::OkStatus());
  EXPECT_TRUE(Get(created.name()).ok());
}

}  // namespace
}  // namespace crier::delivery::transport
