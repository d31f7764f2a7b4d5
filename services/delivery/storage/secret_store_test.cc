#include "services/delivery/storage/secret_store.h"

#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/delivery/storage/schema.h"
#include "services/delivery/storage/webhook_store.h"
#include "tests/support/test_database.h"

namespace crier::delivery::storage {
namespace {

using crypto::KeyRing;
using testing::HasSubstr;

class PgSecretStoreTest : public testing::Test {
 protected:
  static absl::Time Deadline() { return tests::TestDatabase::Deadline(); }

  PgSecretStoreTest() {
    EXPECT_TRUE(pg::Migrate(schema_, Schema()).ok());
    UseRing(old_line_);
  }

  void UseRing(const std::string& text) {
    rings_ = std::make_unique<crypto::KeyRingHolder>(KeyRing::Parse(text).value());
    MakeStores();
  }
  void UseNoRing() {
    rings_ = std::make_unique<crypto::KeyRingHolder>(KeyRing::Plaintext());
    MakeStores();
  }
  void MakeStores() {
    webhooks_ = std::make_unique<PgWebhookStore>(pool_, *rings_);
    secrets_ = std::make_unique<PgSecretStore>(pool_, *rings_);
  }

  Webhook Create() {
    Webhook webhook;
    webhook.id.community = 7;
    webhook.display_name = "Tools";
    webhook.url = "https://hooks.example.com/";
    webhook.secret = "the header secret";
    webhook.client_key = "the client key";
    webhook.custom_headers = {{"authorization", "Bearer of the customer's"}};
    webhook.signing_keys = {{.number = 1, .key = "the signing key"}};
    const auto created = webhooks_->Create(webhook, "", Deadline());
    EXPECT_TRUE(created.ok()) << created.status();
    return created.value_or(Webhook());
  }

  Webhook Get(const WebhookId& id) { return webhooks_->Get(id, Deadline()).value(); }

  ResealedPage Reseal(const WebhookId& after = {}, int limit = 100) {
    const auto page = secrets_->Reseal(after, limit, Deadline());
    EXPECT_TRUE(page.ok()) << page.status();
    return page.value_or(ResealedPage());
  }

  // All that the tables of webhooks hold, with bytes as text.
  std::string Dump() {
    std::string dump;
    for (const char* sql :
         {"SELECT string_agg(to_json(w)::text || encode(secret, 'escape') ||"
          " encode(client_key, 'escape') || encode(custom_headers, 'escape'), '') FROM webhooks w",
          "SELECT string_agg(encode(key, 'escape'), '') FROM webhook_signing_keys"}) {
      dump += database_.Run(schema_, sql)[0].OptionalText(0).value_or("");
    }
    return dump;
  }

  void ExpectSecrets(const Webhook& webhook) {
    EXPECT_EQ(webhook.secrets_error, "");
    EXPECT_EQ(webhook.secret, "the header secret");
    EXPECT_EQ(webhook.client_key, "the client key");
    EXPECT_EQ(webhook.custom_headers.at("authorization"), "Bearer of the customer's");
    ASSERT_EQ(webhook.signing_keys.size(), 1u);
    EXPECT_EQ(webhook.signing_keys[0].key, "the signing key");
  }

  const std::string old_line_ = KeyRing::MakeLine("2025");
  const std::string new_line_ = KeyRing::MakeLine("2026");
  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName();
  pg::Pool pool_{schema_, {}};
  std::unique_ptr<crypto::KeyRingHolder> rings_;
  std::unique_ptr<PgWebhookStore> webhooks_;
  std::unique_ptr<PgSecretStore> secrets_;
};

TEST_F(PgSecretStoreTest, NoSecretLiesInTheClear) {
  ExpectSecrets(Create());
  for (const char* secret : {"header secret", "client key", "Bearer of", "signing key"}) {
    EXPECT_THAT(Dump(), testing::Not(HasSubstr(secret)));
  }
}

TEST_F(PgSecretStoreTest, WithoutARingTheyDo) {
  UseNoRing();

  ExpectSecrets(Create());

  for (const char* secret : {"header secret", "client key", "Bearer of", "signing key"}) {
    EXPECT_THAT(Dump(), HasSubstr(secret));
  }
}

TEST_F(PgSecretStoreTest, AreSealedAnewUnderTheFirstKey) {
  const Webhook webhook = Create();
  UseRing(absl::StrCat(new_line_, "\n", old_line_));

  const ResealedPage page = Reseal();

  EXPECT_EQ(page.webhooks, 1);
  EXPECT_EQ(page.resealed, 4);
  EXPECT_EQ(page.unreadable, 0);
  EXPECT_EQ(Reseal().resealed, 0);
  UseRing(new_line_);  // the old key is not needed any more
  ExpectSecrets(Get(webhook.id));
  EXPECT_EQ(Get(webhook.id).etag(), webhook.etag()) << "nothing that the customer could see";
}

TEST_F(PgSecretStoreTest, WhatWasInTheClearIsSealed) {
  UseNoRing();
  const Webhook webhook = Create();
  UseRing(new_line_);

  EXPECT_EQ(Reseal().resealed, 4);

  ExpectSecrets(Get(webhook.id));
  EXPECT_THAT(Dump(), testing::Not(HasSubstr("the header secret")));
  EXPECT_THAT(Dump(), testing::Not(HasSubstr("the signing key")));
}

TEST_F(PgSecretStoreTest, WhatIsChangedMeanwhileStaysChanged) {
  Create();
  UseRing(absl::StrCat(new_line_, "\n", old_line_));
  std::thread resealing;

  const absl::Status changed = pool_.Run(Deadline(), [&](pg::Transaction& transaction) {
    const absl::Status updated = transaction.ExecuteScript(
        "UPDATE webhooks SET secret = 'changed', client_key = 'changed';"
        "UPDATE webhook_signing_keys SET key = 'changed'");
    resealing = std::thread([&] { Reseal(); });
    EXPECT_TRUE(tests::AwaitBlocked(transaction));
    return updated;
  });
  resealing.join();

  EXPECT_EQ(changed, absl::OkStatus());
  for (const char* sql :
       {"SELECT count(*) FROM webhooks WHERE secret = 'changed' AND client_key = 'changed'",
        "SELECT count(*) FROM webhook_signing_keys WHERE key = 'changed'"}) {
    EXPECT_EQ(database_.Run(schema_, sql)[0].Int64(0), 1) << sql;
  }
}

TEST_F(PgSecretStoreTest, GoesOnWhereAPageEnded) {
  const Webhook first = Create();
  const Webhook second = Create();
  UseRing(absl::StrCat(new_line_, "\n", old_line_));

  const ResealedPage page = Reseal({}, 1);
  EXPECT_EQ(page.last, first.id);
  const ResealedPage next = Reseal(page.last, 1);
  EXPECT_EQ(next.last, second.id);
  EXPECT_EQ(Reseal(next.last, 1).webhooks, 0);

  UseRing(new_line_);
  ExpectSecrets(Get(first.id));
  ExpectSecrets(Get(second.id));
}

TEST_F(PgSecretStoreTest, AWebhookWhoseKeyIsMissingHoldsUpNoOther) {
  const Webhook lost = Create();
  UseRing(new_line_);
  const Webhook good = Create();

  const auto both = webhooks_->GetMany({lost.id, good.id}, Deadline());

  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ((*both)[0]->secrets_error, "the key ring has no key 2025");
  EXPECT_EQ((*both)[0]->secret, "");
  EXPECT_TRUE((*both)[0]->signing_keys.empty());
  ExpectSecrets(*(*both)[1]);
  const ResealedPage page = Reseal();
  EXPECT_EQ(page.unreadable, 4);
  EXPECT_EQ(page.problem, "the key ring has no key 2025");
}

TEST_F(PgSecretStoreTest, AnUpdateLeavesSecretsThatCannotBeRead) {
  const Webhook webhook = Create();
  UseRing(new_line_);
  const auto rename = [](Webhook& changed) { changed.display_name = "Other"; };

  ASSERT_TRUE(webhooks_->Update(webhook.id, "", rename, Deadline()).ok());

  const auto rotate = webhooks_->UpdateKeys(
      webhook.id, "", [](Webhook&) { return true; }, Deadline());
  EXPECT_EQ(ErrorReason(rotate.status()), "SECRETS_UNREADABLE");
  UseRing(old_line_);
  ExpectSecrets(Get(webhook.id));
  EXPECT_EQ(Get(webhook.id).display_name, "Other");
}

TEST_F(PgSecretStoreTest, ASecretIsOfNoUseInTheRowOfAnother) {
  const Webhook mine = Create();
  const Webhook other = Create();

  database_.Run(schema_, absl::StrCat("UPDATE webhooks SET secret = (SELECT secret FROM webhooks"
                                      " WHERE webhook_id = ",
                                      other.id.id, ") WHERE webhook_id = ", mine.id.id));

  EXPECT_EQ(Get(mine.id).secrets_error, "a sealed text is not authentic");
  ExpectSecrets(Get(other.id));
}

TEST_F(PgSecretStoreTest, ExpiredKeysLeave) {
  const Webhook webhook = Create();
  database_.Run(schema_,
                "INSERT INTO webhook_signing_keys SELECT community_id, webhook_id, 2, scheme, key,"
                " create_time, now(), '' FROM webhook_signing_keys");
  EXPECT_EQ(Get(webhook.id).signing_keys.size(), 1u);

  ASSERT_TRUE(secrets_->DeleteExpiredKeys(Deadline()).ok());

  EXPECT_EQ(database_.Run(schema_, "SELECT count(*) FROM webhook_signing_keys")[0].Int64(0), 1);
  ExpectSecrets(Get(webhook.id));
}

}  // namespace
}  // namespace crier::delivery::storage
