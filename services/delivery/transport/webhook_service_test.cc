// Reading and deleting webhooks by RPC, and what all of their methods have in common.
#include "services/delivery/transport/webhook_service_test.h"

#include <string>
#include <vector>

#include "common/status/errors.h"
#include "gmock/gmock.h"

namespace crier::delivery::transport {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kNoSuchWebhook[] = "communities/7/webhooks/4711";

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
  EXPECT_EQ(got->custom_headers().at("X-Env"), "********");
  EXPECT_EQ(got->request_timeout().nanos(), 5);
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

// Clients take messages of 4 MiB by default.
TEST_F(WebhookServiceTest, ListEndsAPageThatWouldBeTooLarge) {
  for (int i = 0; i < 70; ++i) {
    Webhook webhook;
    webhook.id.community = 7;
    webhook.client_certificate = webhook.trusted_roots = std::string(64 * 1024, 'x');
    ASSERT_TRUE(store_.Create(webhook, "", absl::InfiniteFuture()).ok());
  }
  std::vector<int> sizes;
  std::string token;
  do {
    const auto page = List("communities/7", 50, token);
    ASSERT_TRUE(page.ok()) << page.status();
    sizes.push_back(page->webhooks_size());
    token = page->next_page_token();
  } while (!token.empty());

  EXPECT_EQ(sizes, (std::vector<int>{23, 23, 23, 1}));
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
