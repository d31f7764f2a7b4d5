#include "services/delivery/storage/erasure_store.h"

#include <utility>

#include "common/api/resource_name.h"
#include "gmock/gmock.h"
#include "services/delivery/storage/delivery_fixture.h"
#include "services/delivery/storage/webhook_store.h"

namespace crier::delivery::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class PgErasureStoreTest : public DeliveryStorageTest {
 protected:
  static constexpr int64_t kMarion = 8;

  // Stores deliveries of an event about the contact, or what it did.
  std::vector<DeliveryId> StoreFor(int64_t contact, const std::vector<WebhookId>& webhooks,
                                   int64_t activity = 0) {
    const int64_t community = webhooks.front().community;
    entity::v1::Event event = activity != 0 ? SampleActivityEvent() : SampleContactEvent();
    event.set_community_id(community);
    if (activity != 0) {
      event.mutable_activity()->set_name(
          api::ResourceName(api::kActivities, {community, activity}));
    }
    (activity != 0 ? *event.mutable_activity()->mutable_contact() : *event.mutable_contact())
        .set_name(api::ResourceName(api::kContacts, {community, contact}));
    NewMessage message = Message(webhooks);
    message.event = TakeSnapshot(event);
    std::vector<DeliveryId> ids;
    for (const NewMessage::Target& target : message.targets) ids.push_back(target.id);
    Intake intake = NewIntake(position_, position_ + 1);
    ++position_;
    intake.messages.push_back(std::move(message));
    EXPECT_TRUE(intake_.Enqueue(intake, Deadline()).ok());
    return ids;
  }

  void Record(std::vector<Erasure> erasures) {
    Intake intake = NewIntake(position_, position_ + 1);
    ++position_;
    intake.erasures = std::move(erasures);
    const absl::Status status = intake_.Enqueue(intake, Deadline());
    ASSERT_TRUE(status.ok()) << status;
  }

  ErasureStep Step(int max_deliveries = 100) {
    const auto step = erasures_.Step(max_deliveries, Deadline());
    EXPECT_TRUE(step.ok()) << step.status();
    return step.value_or(ErasureStep());
  }

  AttemptOutcome Answered(const DeliveryId& id, DeliveryState state, int number = 1) {
    AttemptOutcome outcome = Outcome(id, state, number);
    outcome.attempt->exchange.result.status = 500;
    outcome.attempt->exchange.result.headers = {{"x-echo", "marionsanford@example.com"}};
    outcome.attempt->exchange.result.body = "no such person: marionsanford@example.com";
    return outcome;
  }

  bool HasContent(const DeliveryId& id) {
    const auto contents = queue_.LoadContents({id}, Deadline());
    EXPECT_TRUE(contents.ok()) << contents.status();
    return contents->front().has_value();
  }

  WebhookId AddWebhook(int64_t community) {
    Webhook webhook;
    webhook.id.community = community;
    webhook.display_name = "Tools";
    webhook.url = "https://hooks.example.com/";
    webhook.create_time = webhook.update_time = now_;
    webhook.signing_keys = {MakeSigningKey(SigningScheme::kV1)};
    const auto created = webhooks_.Create(webhook, "", Deadline());
    EXPECT_TRUE(created.ok()) << created.status();
    return created->id;
  }

  PgErasureStore erasures_{pool_};
  crypto::KeyRingHolder rings_{crypto::KeyRing::Plaintext()};
  PgWebhookStore webhooks_{pool_, rings_};
};

TEST_F(PgErasureStoreTest, DoesNothingWithoutErasures) { EXPECT_FALSE(Step().found); }

TEST_F(PgErasureStoreTest, CancelsWhatIsPendingAndRemovesItsContent) {
  const DeliveryId contact = StoreFor(kMarion, {a_}).front();
  const DeliveryId activity = StoreFor(kMarion, {b_}, /*activity=*/4).front();
  const DeliveryId other = StoreFor(9, {a_}).front();
  const DeliveryId namesake = StoreFor(kMarion, {{2, 1}}).front();
  Record({{1, kMarion}});

  const ErasureStep step = Step();

  EXPECT_TRUE(step.found);
  EXPECT_EQ(step.erased, 2);
  EXPECT_EQ(step.cancelled, 2);
  for (const DeliveryId& id : {contact, activity}) {
    EXPECT_FALSE(HasContent(id));
    EXPECT_EQ(Get(id).state, DeliveryState::kCancelled);
    EXPECT_TRUE(Get(id).erased);
  }
  for (const DeliveryId& id : {other, namesake}) {
    EXPECT_TRUE(HasContent(id));
    EXPECT_EQ(Get(id).state, DeliveryState::kPending);
    EXPECT_FALSE(Get(id).erased);
  }
}

TEST_F(PgErasureStoreTest, OfWhatIsStoredOfAContactOneActivityMayBeErased) {
  const std::vector<DeliveryId> moved = StoreFor(kMarion, {a_, b_}, /*activity=*/4);
  const DeliveryId longer = StoreFor(kMarion, {a_}, /*activity=*/42).front();
  const DeliveryId contact = StoreFor(kMarion, {a_}).front();
  const DeliveryId other = StoreFor(9, {a_}, /*activity=*/4).front();
  Record({{1, kMarion, 4}});

  // Two of one event, in steps of their own.
  EXPECT_EQ(Step(1).erased, 1);
  EXPECT_EQ(Step(1).erased, 1);
  EXPECT_EQ(Step(1).erased, 0);

  for (const DeliveryId& id : moved) {
    EXPECT_FALSE(HasContent(id));
    EXPECT_EQ(Get(id).state, DeliveryState::kCancelled);
  }
  for (const DeliveryId& id : {longer, contact, other}) {
    EXPECT_TRUE(HasContent(id));
    EXPECT_EQ(Get(id).state, DeliveryState::kPending);
  }
}

TEST_F(PgErasureStoreTest, RemovesWhatReceiversAnswered) {
  const DeliveryId id = StoreFor(kMarion, {a_}).front();
  const DeliveryId other = StoreFor(9, {a_}).front();
  Commit({Answered(id, DeliveryState::kPending), Answered(other, DeliveryState::kExhausted)});
  Commit({Answered(id, DeliveryState::kSucceeded, 2)});
  Record({{1, kMarion}});

  Step();

  const DeliveryRecord record = Get(id);
  EXPECT_EQ(record.state, DeliveryState::kSucceeded) << "it did take place";
  ASSERT_EQ(record.attempts.size(), 2u);
  for (const Attempt& attempt : record.attempts) {
    EXPECT_EQ(attempt.exchange.result.status, 500);
    EXPECT_THAT(attempt.exchange.result.headers, IsEmpty());
    EXPECT_EQ(attempt.exchange.result.body, "");
  }
  EXPECT_NE(Get(other).attempts.front().exchange.result.body, "");
}

TEST_F(PgErasureStoreTest, ErasesAnEventThatSeveralWebhooksShare) {
  const std::vector<DeliveryId> ids = StoreFor(kMarion, {a_, b_});
  Record({{1, kMarion}});

  EXPECT_EQ(Step().erased, 2);

  EXPECT_FALSE(HasContent(ids[0]));
  EXPECT_FALSE(HasContent(ids[1]));
}

TEST_F(PgErasureStoreTest, GoesOnInStepsAndSweepsTwice) {
  for (int i = 0; i < 5; ++i) StoreFor(kMarion, {a_});
  Record({{1, kMarion}});

  EXPECT_FALSE(Step(2).swept);
  EXPECT_FALSE(Step(2).swept);
  const ErasureStep last = Step(2);
  EXPECT_EQ(last.erased, 1);
  EXPECT_TRUE(last.swept);
  EXPECT_FALSE(last.over);
  EXPECT_FALSE(Step().found) << "the second sweep is not due yet";

  const DeliveryId late = StoreFor(kMarion, {a_}).front();
  database_.Run(schema_, "UPDATE erasures SET sweep_time = now()");
  const ErasureStep second = Step();

  EXPECT_EQ(second.erased, 1);
  EXPECT_TRUE(second.over);
  EXPECT_FALSE(HasContent(late));
  EXPECT_EQ(Count("erasures"), 0);
}

TEST_F(PgErasureStoreTest, TheResponseOfAnAttemptUnderWayIsNotKept) {
  const DeliveryId id = StoreFor(kMarion, {a_}).front();
  const DeliveryId last = StoreFor(kMarion, {a_}).front();
  Record({{1, kMarion}});
  Step();

  EXPECT_THAT(
      Commit({Answered(id, DeliveryState::kPending), Answered(last, DeliveryState::kSucceeded)}),
      ElementsAre(Recorded::kCancelled, Recorded::kCancelled));

  EXPECT_EQ(Get(id).state, DeliveryState::kCancelled);
  for (const DeliveryId& delivery : {id, last}) {
    ASSERT_EQ(Get(delivery).attempts.size(), 1u);
    EXPECT_EQ(Get(delivery).attempts.front().exchange.result.body, "");
    EXPECT_THAT(Get(delivery).attempts.front().exchange.result.headers, IsEmpty());
  }
}

TEST_F(PgErasureStoreTest, TheWebhookTellsOfWhatWasCancelled) {
  const WebhookId webhook = AddWebhook(1);
  const DeliveryId first = StoreFor(kMarion, {webhook}).front();
  const DeliveryId second = StoreFor(kMarion, {webhook}).front();
  const DeliveryId other = StoreFor(9, {webhook}).front();
  Record({{1, kMarion}});

  Step();

  const auto stored = webhooks_.Get(webhook, Deadline());
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->cancelled_through, second.message);
  EXPECT_THAT(*queue_.FindQueued({other, first, second}, Deadline()),
              ElementsAre(true, false, false));
}

TEST_F(PgErasureStoreTest, WhatIsCancelledLaterTakesBackNothing) {
  const WebhookId webhook = AddWebhook(1);
  StoreFor(9, {webhook});
  const DeliveryId newer = StoreFor(kMarion, {webhook}).front();
  Record({{1, kMarion}});
  Step();
  Record({{1, 9}});

  Step();

  EXPECT_EQ(Count("queue"), 0);
  EXPECT_EQ(webhooks_.Get(webhook, Deadline())->cancelled_through, newer.message);
}

TEST_F(PgErasureStoreTest, WhatAnotherReplicaIsAtIsLeftToIt) {
  const DeliveryId id = StoreFor(kMarion, {a_}).front();
  Record({{1, kMarion}});

  const absl::Status locked = pool_.Run(Deadline(), [&](pg::Transaction& transaction) {
    const auto rows = transaction.ExecuteDynamic("SELECT FROM erasures FOR UPDATE");
    EXPECT_FALSE(Step().found);
    return rows.status();
  });

  EXPECT_EQ(locked, absl::OkStatus());
  EXPECT_TRUE(HasContent(id));
  EXPECT_EQ(Step().erased, 1);
}

TEST_F(PgErasureStoreTest, ACommunityLeavesNothing) {
  const WebhookId gone = AddWebhook(1);
  const WebhookId kept = AddWebhook(2);
  for (int i = 0; i < 3; ++i) {
    Commit({Answered(StoreFor(kMarion, {gone}).front(), DeliveryState::kPending)});
  }
  const DeliveryId other = StoreFor(kMarion, {kept}).front();
  Record({{1, 0}});
  const WebhookId later = AddWebhook(1);  // of whoever has the id now
  const DeliveryId anew = StoreFor(kMarion, {later}).front();

  EXPECT_EQ(Step(2).erased, 2);
  EXPECT_TRUE(absl::IsNotFound(webhooks_.Get(gone, Deadline()).status()));
  EXPECT_EQ(Step(2).erased, 1);

  for (const char* table : {"deliveries", "snapshots", "queue"})
    EXPECT_EQ(Count(table), 2) << table;
  EXPECT_EQ(Count("attempts"), 0);
  EXPECT_EQ(Count("webhook_signing_keys"), 2);
  EXPECT_TRUE(HasContent(other));
  EXPECT_TRUE(HasContent(anew));
  EXPECT_TRUE(webhooks_.Get(kept, Deadline()).ok());
  EXPECT_TRUE(webhooks_.Get(later, Deadline()).ok());
}

TEST_F(PgErasureStoreTest, AnAttemptUnderWayLeavesNothingOfACommunityEither) {
  const WebhookId gone = AddWebhook(1);
  const DeliveryId id = StoreFor(kMarion, {gone}).front();
  const DeliveryId last = StoreFor(kMarion, {gone}).front();
  Record({{1, 0}});
  Step();

  EXPECT_THAT(
      Commit({Answered(id, DeliveryState::kPending), Answered(last, DeliveryState::kSucceeded)}),
      ElementsAre(Recorded::kCancelled, Recorded::kCancelled));

  EXPECT_EQ(Count("attempts"), 0);
}

TEST_F(PgErasureStoreTest, AreRecordedWithThePositionOrNotAtAll) {
  Intake stale = NewIntake(7, 8);
  stale.erasures = {{1, kMarion}};
  EXPECT_FALSE(intake_.Enqueue(stale, Deadline()).ok());
  EXPECT_EQ(Count("erasures"), 0);

  Record({{1, kMarion}, {1, kMarion}, {1, 9}});

  EXPECT_EQ(Count("erasures"), 2);
}

TEST_F(PgErasureStoreTest, RecordedAgainTheyBeginAnew) {
  Record({{1, kMarion}});
  Step();
  StoreFor(kMarion, {a_});
  Record({{1, kMarion}});

  const ErasureStep step = Step();

  EXPECT_EQ(step.erased, 1);
  EXPECT_FALSE(step.over);
  EXPECT_EQ(Count("erasures"), 1);
}

}  // namespace
}  // namespace crier::delivery::storage
