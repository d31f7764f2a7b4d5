// Changing settings and states of webhooks by RPC.
#include "common/api/time.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/delivery/transport/webhook_service_test.h"

namespace crier::delivery::transport {
namespace {

using testing::Contains;
using testing::ElementsAre;

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

// Whoever reads, changes and writes back has masks where there were values.
TEST_F(WebhookServiceTest, HeadersThatAreWrittenBackMaskedStayAsTheyWere) {
  v1::CreateWebhookRequest request = CreateRequest();
  (*request.mutable_webhook()->mutable_custom_headers())["Authorization"] = "Bearer t0ken";
  (*request.mutable_webhook()->mutable_custom_headers())["x-old"] = "old";
  v1::Webhook change = MustCreate(request);
  change.mutable_custom_headers()->erase("x-old");
  (*change.mutable_custom_headers())["x-new"] = "new";

  const auto updated = Update(change, {"custom_headers"});

  ASSERT_TRUE(updated.ok()) << updated.status();
  const WebhookId id = api::ParseResource("name", api::kWebhooks, change.name()).value();
  const std::map<std::string, std::string> expected = {{"Authorization", "Bearer t0ken"},
                                                       {"x-new", "new"}};
  EXPECT_EQ(store_.Get(id, absl::InfiniteFuture())->custom_headers, expected);
}

TEST_F(WebhookServiceTest, ACertificateThatIsWrittenBackKeepsItsKey) {
  const std::string name = MustCreate().name();
  const WebhookId id = api::ParseResource("name", api::kWebhooks, name).value();
  const auto set_certificate = [](Webhook& webhook) {
    webhook.client_certificate = "the certificate";
    webhook.client_key = "its key";
  };
  ASSERT_TRUE(store_.Update(id, "", set_certificate, absl::InfiniteFuture()).ok());
  v1::Webhook change = Get(name).value();
  change.set_display_name("renamed");

  const auto updated = Update(change, {});

  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->display_name(), "renamed");
  EXPECT_EQ(updated->client_certificate(), "the certificate");
  EXPECT_EQ(store_.Get(id, absl::InfiniteFuture())->client_key, "its key");
  change.set_client_certificate("another");
  EXPECT_THAT(WrongFields(Update(change, {}).status()), ElementsAre("webhook.client_key"));
}

TEST_F(WebhookServiceTest, AMaskInPlaceOfNoValueIsRefused) {
  v1::Webhook change;
  change.set_name(MustCreate(CreateRequest()).name());
  (*change.mutable_custom_headers())["x-new"] = "********";

  EXPECT_THAT(WrongFields(Update(change, {"custom_headers"}).status()),
              ElementsAre("webhook.custom_headers[\"x-new\"]"));
  v1::CreateWebhookRequest request = CreateRequest();
  (*request.mutable_webhook()->mutable_custom_headers())["x"] = "********";
  EXPECT_THAT(WrongFields(Create(request).status()), ElementsAre("webhook.custom_headers[\"x\"]"));
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

TEST_F(WebhookServiceTest, CountsTheDeliveriesThatItCancels) {
  const std::string name = MustCreate().name();
  store_.SetPending(3);
  ChangeState<v1::DisableWebhookRequest>(&Stub::DisableWebhook, name).IgnoreError();
  EXPECT_EQ(cancelled_.Value(), 0);

  v1::EnableWebhookRequest enable;
  enable.set_name(name);
  enable.set_cancel_pending(true);
  EXPECT_TRUE(client_.Call<v1::Webhook>(&Stub::EnableWebhook, enable).ok());
  EXPECT_EQ(cancelled_.Value(), 3);

  store_.SetPending(2);
  EXPECT_TRUE(Delete(name).ok());
  EXPECT_EQ(cancelled_.Value(), 5);
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

}  // namespace
}  // namespace crier::delivery::transport
