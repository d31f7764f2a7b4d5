#include "services/delivery/storage/webhook_store.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/pg/listener.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/webhooks/webhook_store_conformance.h"
#include "services/delivery/storage/queue_notices.h"
#include "services/delivery/storage/schema.h"
#include "tests/support/test_database.h"

namespace crier::delivery::storage {
namespace {

using tests::TestDatabase;

// A migrated schema of its own with a store on it.
class StoreInPostgres {
 public:
  StoreInPostgres()
      : database_(server_.NewSchemaName()),
        pool_(Migrated(), {}),
        rings_(crypto::KeyRing::Parse(crypto::KeyRing::MakeLine("test")).value()),
        store_(pool_, rings_) {}

  WebhookStore& store() { return store_; }

  const pg::Database& database() const { return database_; }

  // Runs SQL in the schema.
  pg::Rows Run(absl::string_view sql) { return server_.Run(database_, sql); }

 private:
  const pg::Database& Migrated() {
    const absl::Status status = pg::Migrate(database_, Schema());
    EXPECT_TRUE(status.ok()) << status;
    return database_;
  }

  TestDatabase server_;
  const pg::Database database_;
  pg::Pool pool_;
  crypto::KeyRingHolder rings_;
  PgWebhookStore store_;
};

std::shared_ptr<WebhookStore> MakeStore() {
  auto postgres = std::make_shared<StoreInPostgres>();
  return {postgres, &postgres->store()};
}

INSTANTIATE_TEST_SUITE_P(Postgres, WebhookStoreConformance, testing::Values(MakeStore));

class PgWebhookStoreTest : public testing::Test {
 protected:
  Webhook Create() {
    Webhook webhook;
    webhook.id.community = 7;
    webhook.display_name = "name of the customer's";
    webhook.url = "https://hooks.example.com/path of the customer's";
    webhook.secret = "secret of the customer's";
    webhook.custom_headers = {{"x-token", "header of the customer's"}};
    webhook.signing_keys = {MakeSigningKey(SigningScheme::kV1)};
    const auto created = postgres_.store().Create(webhook, "", TestDatabase::Deadline());
    EXPECT_TRUE(created.ok()) << created.status();
    return created.value_or(Webhook());
  }

  // A delivery that waits; `number` makes its id.
  void Queue(const WebhookId& webhook, int number) {
    postgres_.Run(absl::StrCat(
        "INSERT INTO queue (community_id, webhook_id, delivery_id, shard, due_time, attempt_count)"
        " VALUES (",
        webhook.community, ", ", webhook.id, ", '00000000-0000-7000-8000-00000000000", number,
        "', 0, now(), 0)"));
  }

  // Returns how many deliveries that cancelled.
  int Change(const WebhookId& id, StateAction action) {
    const auto changed =
        postgres_.store().ChangeState(id, "", action, absl::Now(), TestDatabase::Deadline());
    EXPECT_TRUE(changed.ok()) << changed.status();
    return changed.value_or(StateChange()).cancelled;
  }

  int64_t Count(absl::string_view what) {
    return postgres_.Run(absl::StrCat("SELECT count(*) FROM ", what))[0].Int64(0);
  }

  StoreInPostgres postgres_;
};

// As outcomes, cancellations and other replicas do, which leave the version that callers see.
TEST_F(PgWebhookStoreTest, ReadsWhatChangedWithoutANewVersion) {
  const Webhook created = Create();
  const auto read = [&] {
    return postgres_.store().GetMany({created.id}, TestDatabase::Deadline())->front();
  };
  ASSERT_EQ(read(), read()) << "what has not changed is not read anew";

  postgres_.Run("UPDATE webhooks SET cancelled_through = '01900000-0000-7000-8000-000000000000'");
  EXPECT_EQ(read()->cancelled_through.ToUuid(), "01900000-0000-7000-8000-000000000000");
  postgres_.Run(
      "UPDATE webhooks SET failing_since = now(), failing_counted_time = now(),"
      " failing_counted_us = 0, failing_told = false");
  EXPECT_TRUE(read()->failing.has_value());

  EXPECT_EQ(read()->version, created.version);
}

TEST_F(PgWebhookStoreTest, DeletionCancelsThePendingDeliveriesOfTheWebhook) {
  const Webhook kept = Create();
  const Webhook deleted = Create();
  Queue(kept.id, 1);
  Queue(deleted.id, 2);
  Queue(deleted.id, 3);

  const auto cancelled = postgres_.store().Delete(deleted.id, "", TestDatabase::Deadline());

  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(*cancelled, 2);
  EXPECT_EQ(Count("queue"), 1);
  EXPECT_EQ(Count(absl::StrCat("queue WHERE webhook_id = ", kept.id.id)), 1);
}

TEST_F(PgWebhookStoreTest, PausingAndDisablingKeepWhatIsPending) {
  const Webhook webhook = Create();
  Queue(webhook.id, 1);

  Change(webhook.id, StateAction::kPause);
  Change(webhook.id, StateAction::kDisable);
  Change(webhook.id, StateAction::kEnable);

  EXPECT_EQ(Count("queue"), 1);
}

TEST_F(PgWebhookStoreTest, EnablingCancelsWhatIsPendingWhereThatIsWished) {
  const Webhook webhook = Create();
  const Webhook other = Create();
  Queue(webhook.id, 1);
  Queue(other.id, 2);
  EXPECT_EQ(Change(webhook.id, StateAction::kEnableAnew), 0);  // it is enabled: no change
  EXPECT_EQ(Count("queue"), 2);
  EXPECT_EQ(Change(webhook.id, StateAction::kDisable), 0);

  EXPECT_EQ(Change(webhook.id, StateAction::kEnableAnew), 1);

  EXPECT_EQ(Count("queue"), 1);
  EXPECT_EQ(Count(absl::StrCat("queue WHERE webhook_id = ", other.id.id)), 1);
}

// A replica may have them in memory still: it must not send them once the webhook is enabled.
TEST_F(PgWebhookStoreTest, WhatEnablingCancelsIsNotedAtTheWebhook) {
  const Webhook webhook = Create();
  Queue(webhook.id, 2);
  Queue(webhook.id, 1);
  Change(webhook.id, StateAction::kDisable);

  Change(webhook.id, StateAction::kEnableAnew);

  const auto cancelled_through = [&] {
    return postgres_.store().Get(webhook.id, TestDatabase::Deadline())->cancelled_through.ToUuid();
  };
  EXPECT_EQ(cancelled_through(), "00000000-0000-7000-8000-000000000002");
  Change(webhook.id, StateAction::kDisable);
  Change(webhook.id, StateAction::kEnableAnew);
  EXPECT_EQ(cancelled_through(), "00000000-0000-7000-8000-000000000002") << "there was none";
}

TEST_F(PgWebhookStoreTest, ResumingTellsWhoeverHoldsTheShard) {
  const Webhook webhook = Create();
  Change(webhook.id, StateAction::kPause);
  std::vector<WebhookId> told;
  absl::Notification listening, noticed;
  pg::Listener listener(postgres_.database(), QueueChannel(postgres_.database().schema),
                        pg::Listener::Callbacks{.on_notify =
                                                    [&](absl::string_view payload) {
                                                      if (noticed.HasBeenNotified()) return;
                                                      told = DecodeNotice(payload);
                                                      noticed.Notify();
                                                    },
                                                .on_gap =
                                                    [&] {
                                                      if (!listening.HasBeenNotified())
                                                        listening.Notify();
                                                    }});
  listening.WaitForNotification();

  Change(webhook.id, StateAction::kResume);

  noticed.WaitForNotification();
  EXPECT_EQ(told, std::vector<WebhookId>{webhook.id});
}

TEST_F(PgWebhookStoreTest, RefusedDeletionCancelsNothing) {
  const Webhook webhook = Create();
  Queue(webhook.id, 1);

  EXPECT_FALSE(postgres_.store().Delete(webhook.id, "stale", TestDatabase::Deadline()).ok());

  EXPECT_EQ(Count("queue"), 1);
  EXPECT_EQ(Count("webhook_signing_keys"), 1);
}

TEST_F(PgWebhookStoreTest, DeletionLeavesNothingOfTheCustomers) {
  const Webhook webhook = Create();

  ASSERT_TRUE(postgres_.store().Delete(webhook.id, "", TestDatabase::Deadline()).ok());

  EXPECT_EQ(Count("webhooks"), 1);
  EXPECT_EQ(Count("webhooks w WHERE to_json(w)::text LIKE '%customer%'"), 0);
  EXPECT_EQ(Count("webhook_signing_keys"), 0);
}

TEST_F(PgWebhookStoreTest, StoredVersionOfALaterReleaseIsAnErrorAndNoGuess) {
  const Webhook webhook = Create();
  postgres_.Run("UPDATE webhooks SET payload_version = '209901'");

  EXPECT_TRUE(
      absl::IsInternal(postgres_.store().Get(webhook.id, TestDatabase::Deadline()).status()));
}

TEST(PgWebhookStoreAwayTest, DatabaseThatIsAwayIsUnavailable) {
  pg::Pool pool({"postgresql://crier@127.0.0.1:1/postgres", "", "delivery"}, {});
  const crypto::KeyRingHolder rings(crypto::KeyRing::Plaintext());
  PgWebhookStore store(pool, rings);

  const absl::Status status = store.List(7, 0, 10, TestDatabase::Deadline()).status();

  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

}  // namespace
}  // namespace crier::delivery::storage
