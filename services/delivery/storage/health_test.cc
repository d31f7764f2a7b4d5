// What outcomes change of webhooks, and whom that is told.
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/crypto/key_ring.h"
#include "gmock/gmock.h"
#include "services/delivery/domain/attempts/webhook_health.h"
#include "services/delivery/storage/delivery_fixture.h"
#include "services/delivery/storage/webhook_store.h"

namespace crier::delivery::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class HealthTest : public DeliveryStorageTest {
 protected:
  WebhookId StoreOperational() {
    const WebhookId webhook = StoreWebhook(1);
    database_.Run(
        schema_,
        absl::StrCat("UPDATE webhooks SET operational = true WHERE webhook_id = ", webhook.id));
    return webhook;
  }

  Webhook Read(const WebhookId& id) {
    const auto webhook = webhooks_.Get(id, Deadline());
    EXPECT_TRUE(webhook.ok()) << webhook.status();
    return webhook.value_or(Webhook());
  }

  // An outcome with what it says of the webhook, as it is now.
  AttemptOutcome Finds(const DeliveryId& id, Finding::Kind kind, absl::Duration time,
                       DeliveryState state = DeliveryState::kPending) {
    AttemptOutcome outcome = Outcome(id, state, 2);
    outcome.finding = Finding{kind, now_ + time, Read(id.webhook).version};
    return outcome;
  }

  // Retries that fail for five hours: the community is told.
  void FailForHours(const DeliveryId& id) {
    for (int hour = 0; hour <= 5; ++hour) {
      Commit({Finds(id, Finding::Kind::kFails, absl::Hours(hour))});
    }
  }

  // What waits for a webhook, as it will be sent; empty for what is no notice.
  std::vector<std::string> Notices(const WebhookId& webhook) {
    std::vector<DeliveryId> ids;
    for (const QueuedDelivery& delivery : Queue(webhook)) ids.push_back(delivery.id);
    const auto contents = queue_.LoadContents(ids, Deadline());
    EXPECT_TRUE(contents.ok()) << contents.status();
    std::vector<std::string> payloads;
    for (const auto& content : *contents) {
      payloads.push_back(content->is_notice ? *content->snapshot : "");
    }
    return payloads;
  }

  const crypto::KeyRingHolder rings_{crypto::KeyRing::Plaintext()};
  PgWebhookStore webhooks_{pool_, rings_};
};

TEST_F(HealthTest, WhatAnAttemptShowsDoesNotUndoAChangeOfTheWebhook) {
  const WebhookId webhook = StoreWebhook(1);
  const AttemptOutcome fails = Finds(Store(webhook), Finding::Kind::kFails, absl::ZeroDuration());
  std::thread committing;

  const absl::Status paused = pool_.Run(Deadline(), [&](pg::Transaction& transaction) {
    const auto updated = transaction.ExecuteDynamic("UPDATE webhooks SET state = 2, version = 2");
    committing = std::thread([&] { Commit({fails}); });
    EXPECT_TRUE(tests::AwaitBlocked(transaction));
    return updated.status();
  });
  committing.join();

  EXPECT_EQ(paused, absl::OkStatus());
  EXPECT_EQ(Read(webhook).state, WebhookState::kPaused);
  EXPECT_EQ(Read(webhook).version, 2);
}

// Somebody who has the webhook, such as DeleteWebhook, may want its deliveries next.
TEST_F(HealthTest, AnOutcomeThatWaitsForItsWebhookLeavesTheQueueToOthers) {
  const WebhookId webhook = StoreWebhook(1);
  const AttemptOutcome fails = Finds(Store(webhook), Finding::Kind::kFails, absl::ZeroDuration());
  std::thread committing;

  const absl::Status locked = pool_.Run(Deadline(), [&](pg::Transaction& transaction) {
    const auto webhooks = transaction.ExecuteDynamic("SELECT FROM webhooks FOR UPDATE");
    committing = std::thread([&] { Commit({fails}); });
    EXPECT_TRUE(tests::AwaitBlocked(transaction));
    const auto queue = transaction.ExecuteDynamic("SELECT FROM queue FOR UPDATE SKIP LOCKED");
    EXPECT_EQ(queue.ok() ? queue->size() : 0, 1);
    return webhooks.status();
  });
  committing.join();

  EXPECT_EQ(locked, absl::OkStatus());
}

TEST_F(HealthTest, FailuresAreNotedAndEndWithASuccess) {
  const WebhookId webhook = StoreWebhook(1);
  const DeliveryId id = Store(webhook);

  Commit({Finds(id, Finding::Kind::kFails, absl::ZeroDuration())});
  Commit({Finds(id, Finding::Kind::kFails, absl::Minutes(20))});

  const Webhook failing = Read(webhook);
  EXPECT_EQ(failing.failing, (FailingSpell{now_, now_ + absl::Minutes(20), absl::Minutes(20)}));
  EXPECT_EQ(failing.version, 1);
  const auto health = log_.Health(webhook, Deadline());
  ASSERT_TRUE(health.ok()) << health.status();
  EXPECT_EQ(health->failing_since, now_);

  Commit({Finds(id, Finding::Kind::kWorks, absl::Minutes(30), DeliveryState::kSucceeded)});

  EXPECT_EQ(Read(webhook).failing, std::nullopt);
}

TEST_F(HealthTest, FindingsOfABatchAreAppliedInTheirOrder) {
  const WebhookId webhook = StoreWebhook(1);
  const DeliveryId first = Store(webhook);
  const DeliveryId second = Store(webhook);

  Commit({Finds(first, Finding::Kind::kFails, absl::ZeroDuration()),
          Finds(second, Finding::Kind::kWorks, absl::Seconds(1), DeliveryState::kSucceeded)});

  EXPECT_EQ(Read(webhook).failing, std::nullopt);
}

TEST_F(HealthTest, GoneDisablesWithTheOutcomeAndKeepsTheDeliveries) {
  const WebhookId webhook = StoreWebhook(1);
  const DeliveryId id = Store(webhook);

  Commit({Finds(id, Finding::Kind::kGone, absl::Seconds(1))});

  const Webhook disabled = Read(webhook);
  EXPECT_EQ(disabled.state, WebhookState::kDisabled);
  EXPECT_EQ(disabled.disable_reason, DisableReason::kGone);
  EXPECT_EQ(disabled.state_change_time, now_ + absl::Seconds(1));
  EXPECT_EQ(disabled.version, 2);
  EXPECT_THAT(Queue(webhook), SizeIs(1));
}

TEST_F(HealthTest, AnAttemptThatBeganBeforeTheWebhookWasEnabledDoesNotDisableIt) {
  const WebhookId webhook = StoreWebhook(3);
  const AttemptOutcome gone = Finds(Store(webhook), Finding::Kind::kGone, absl::ZeroDuration());
  ASSERT_TRUE(webhooks_.ChangeState(webhook, "", StateAction::kEnable, now_, Deadline()).ok());

  Commit({gone});

  EXPECT_EQ(Read(webhook).state, WebhookState::kEnabled);
}

TEST_F(HealthTest, AStaleOwnerChangesNothingAndTellsNobody) {
  const WebhookId webhook = StoreWebhook(1);
  const WebhookId operational = StoreOperational();
  const AttemptOutcome gone =
      Finds(Store(webhook), Finding::Kind::kGone, absl::ZeroDuration(), DeliveryState::kExhausted);
  Lease("another replica");

  EXPECT_THAT(Commit({gone}), ElementsAre(Recorded::kFenced));

  EXPECT_EQ(Read(webhook).state, WebhookState::kEnabled);
  EXPECT_THAT(Queue(operational), IsEmpty());
}

TEST_F(HealthTest, OfADeletedWebhookNothingIsFoundNorTold) {
  const WebhookId webhook = StoreWebhook(1);
  const WebhookId operational = StoreOperational();
  const DeliveryId id = Store(webhook);
  const AttemptOutcome gone =
      Finds(id, Finding::Kind::kGone, absl::ZeroDuration(), DeliveryState::kExhausted);
  ASSERT_TRUE(webhooks_.Delete(webhook, "", Deadline()).ok());

  EXPECT_THAT(Commit({gone}), ElementsAre(Recorded::kCancelled));

  EXPECT_THAT(Queue(operational), IsEmpty());
}

TEST_F(HealthTest, OperationalWebhooksAreToldOnceOfWhatHappensToTheOthers) {
  const WebhookId webhook = StoreWebhook(1);
  const WebhookId operational = StoreOperational();
  const WebhookId also_operational = StoreOperational();
  database_.Run(
      schema_,
      absl::StrCat("UPDATE webhooks SET display_name = 'CRM' WHERE webhook_id = ", webhook.id));
  const AttemptOutcome last =
      Finds(Store(webhook), Finding::Kind::kGone, absl::ZeroDuration(), DeliveryState::kExhausted);

  Commit({last});
  Commit({last});  // as after a commit of unknown end

  for (const WebhookId& told : {operational, also_operational}) {
    EXPECT_THAT(Notices(told),
                UnorderedElementsAre(testing::AllOf(HasSubstr(R"("type":"delivery.exhausted")"),
                                                    HasSubstr(R"("webhookName":"CRM")"),
                                                    HasSubstr(R"("attemptCount":2)"),
                                                    HasSubstr(last.id.message.ToString())),
                                     testing::AllOf(HasSubstr(R"("type":"webhook.disabled")"),
                                                    HasSubstr(R"("webhookName":"CRM")"),
                                                    HasSubstr(R"("disableReason":"GONE")"))));
  }
  EXPECT_THAT(Queue(webhook), IsEmpty());
  const DeliveryRecord notice = Get(Queue(operational).front().id);
  EXPECT_EQ(notice.event_kind, kNoticeKind);
  EXPECT_EQ(notice.workflow_id, 0);
}

TEST_F(HealthTest, ADeliveryThatWasCancelledMeanwhileIsNotToldOf) {
  const WebhookId webhook = StoreWebhook(1);
  const WebhookId operational = StoreOperational();
  const DeliveryId id = Store(webhook);
  database_.Run(schema_, "DELETE FROM queue");

  Commit({Outcome(id, DeliveryState::kExhausted, 10)});

  EXPECT_THAT(Queue(operational), IsEmpty());
}

TEST_F(HealthTest, FailuresForLongAndTheRecoveryAreToldOnceEach) {
  const WebhookId webhook = StoreWebhook(1);
  const WebhookId operational = StoreOperational();
  const DeliveryId id = Store(webhook);

  FailForHours(id);

  EXPECT_THAT(Notices(operational), ElementsAre(HasSubstr(R"("type":"webhook.failing")")));
  const AttemptOutcome works =
      Finds(id, Finding::Kind::kWorks, absl::Hours(6), DeliveryState::kSucceeded);
  Commit({works});
  Commit({works});
  EXPECT_THAT(Notices(operational),
              UnorderedElementsAre(HasSubstr("webhook.failing"), HasSubstr("webhook.recovered")));
}

TEST_F(HealthTest, FiveDaysOfFailuresDisable) {
  const WebhookId webhook = StoreWebhook(1);
  const WebhookId operational = StoreOperational();
  const DeliveryId id = Store(webhook);

  for (int day = 0; day <= 4; ++day) {
    Commit({Finds(id, Finding::Kind::kFails, absl::Hours(24 * day))});
  }
  EXPECT_EQ(Read(webhook).state, WebhookState::kEnabled);
  Commit({Finds(id, Finding::Kind::kFails, absl::Hours(24 * 5))});

  EXPECT_EQ(Read(webhook).disable_reason, DisableReason::kFailing);
  EXPECT_THAT(Notices(operational),
              UnorderedElementsAre(HasSubstr("webhook.failing"),
                                   HasSubstr(R"("disableReason":"FAILING")")));
}

TEST_F(HealthTest, AnOperationalWebhookIsToldOfOthersButNotOfItself) {
  const WebhookId operational = StoreOperational();
  const WebhookId other = StoreOperational();

  Commit({Finds(Store(operational), Finding::Kind::kGone, absl::ZeroDuration())});

  EXPECT_THAT(Notices(operational), ElementsAre(""));
  EXPECT_THAT(Notices(other), ElementsAre(HasSubstr("webhook.disabled")));
}

TEST_F(HealthTest, ANoticeThatIsExhaustedMakesNone) {
  const WebhookId operational = StoreOperational();
  const WebhookId other = StoreOperational();
  AttemptOutcome exhausted = Outcome(Store(operational), DeliveryState::kExhausted, 10);
  exhausted.notice = true;

  Commit({exhausted});

  EXPECT_THAT(Queue(other), IsEmpty());
}

TEST_F(HealthTest, OtherCommunitiesAreNotTold) {
  const WebhookId webhook = StoreWebhook(1);
  const WebhookId operational = StoreOperational();
  database_.Run(schema_, "UPDATE webhooks SET community_id = 2 WHERE operational");

  Commit({Finds(Store(webhook), Finding::Kind::kGone, absl::ZeroDuration())});

  EXPECT_THAT(Queue({2, operational.id}), IsEmpty());
}

TEST_F(HealthTest, ItsOwnersDisablingIsTold) {
  const WebhookId webhook = StoreWebhook(1);
  const WebhookId operational = StoreOperational();
  const auto disable = [&] {
    return webhooks_.ChangeState(webhook, "", StateAction::kDisable, now_, Deadline());
  };

  ASSERT_TRUE(disable().ok());
  ASSERT_TRUE(disable().ok());  // which it is already

  EXPECT_THAT(Notices(operational), ElementsAre(HasSubstr(R"("disableReason":"MANUAL")")));
}

}  // namespace
}  // namespace crier::delivery::storage
