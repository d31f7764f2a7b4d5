#include "services/delivery/storage/repair_store.h"

#include <functional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/delivery/domain/repair/repair_store_conformance.h"
#include "services/delivery/storage/delivery_fixture.h"
#include "services/delivery/storage/webhook_store.h"

namespace crier::delivery::storage {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class PgRepairStoreTest : public DeliveryStorageTest {
 protected:
  WebhookId AddWebhook(int64_t community = 1) {
    Webhook webhook;
    webhook.id.community = community;
    webhook.create_time = webhook.update_time = now_;
    return webhooks_.Create(webhook, "", Deadline())->id;
  }

  DeliveryId StoreExhausted(const WebhookId& webhook) {
    const DeliveryId id = Store(webhook);
    Commit({Outcome(id, DeliveryState::kPending, 1)});
    Commit({Outcome(id, DeliveryState::kExhausted, 2)});
    return id;
  }

  Recovery Start(const WebhookId& webhook, const std::string& request_id = "") {
    Recovery recovery;
    recovery.community = webhook.community;
    if (webhook.id != 0) recovery.webhook = webhook.id;
    recovery.created_from = now_ - absl::Hours(1);
    recovery.created_before = now_ + absl::Hours(1);
    recovery.create_time = now_;
    const auto started = repairs_.StartRecovery(recovery, request_id, Deadline());
    EXPECT_TRUE(started.ok()) << started.status();
    return started.value_or(Recovery());
  }

  RecoveryStep Step(int max_deliveries = 100) {
    const auto step = repairs_.StepRecovery(max_deliveries, now_, Deadline());
    EXPECT_TRUE(step.ok()) << step.status();
    return step.value_or(RecoveryStep());
  }

  Recovery GetRecovery(const Recovery& recovery) {
    return repairs_.GetRecovery(recovery.community, recovery.id, Deadline()).value();
  }

  PgRepairStore repairs_{pool_};
  const crypto::KeyRingHolder rings_{crypto::KeyRing::Plaintext()};
  PgWebhookStore webhooks_{pool_, rings_};
  const WebhookId webhook_ = AddWebhook();
};

TEST_F(PgRepairStoreTest, RedeliversWhatIsOverWithANewSchedule) {
  const DeliveryId id = StoreExhausted(webhook_);

  ASSERT_TRUE(repairs_.Redeliver(id, now_, Deadline()).ok());

  EXPECT_EQ(Get(id).state, DeliveryState::kPending);
  const std::vector<QueuedDelivery> queue = Queue(webhook_);
  ASSERT_THAT(queue, SizeIs(1));
  EXPECT_EQ(queue[0].id, id) << "the webhook-id stays";
  EXPECT_EQ(queue[0].attempt_count, 2);
  EXPECT_EQ(queue[0].attempts_before, 2);
  EXPECT_EQ(queue[0].due_time, now_);
  Commit({Outcome(id, DeliveryState::kSucceeded, 3)});
  EXPECT_EQ(Get(id).state, DeliveryState::kSucceeded);
  EXPECT_THAT(Get(id).attempts, SizeIs(3));
}

TEST_F(PgRepairStoreTest, WhatWaitsIsDueAtOnce) {
  const DeliveryId id = Store(webhook_);
  Commit({Outcome(id, DeliveryState::kPending, 1)});
  EXPECT_GT(Queue(webhook_)[0].due_time, now_);

  ASSERT_TRUE(repairs_.Redeliver(id, now_, Deadline()).ok());

  const std::vector<QueuedDelivery> queue = Queue(webhook_);
  ASSERT_THAT(queue, SizeIs(1));
  EXPECT_EQ(queue[0].due_time, now_);
  EXPECT_EQ(queue[0].attempt_count, 1);
  EXPECT_EQ(queue[0].attempts_before, 1);
}

TEST_F(PgRepairStoreTest, WhatIsDueAlreadyIsNotPutOff) {
  const DeliveryId id = Store(webhook_);

  ASSERT_TRUE(repairs_.Redeliver(id, now_ + absl::Hours(1), Deadline()).ok());

  EXPECT_EQ(Queue(webhook_)[0].due_time, now_);
}

TEST_F(PgRepairStoreTest, ARecoveryThatAnotherReplicaIsAtIsLeftToIt) {
  StoreExhausted(webhook_);
  Start(webhook_);

  const absl::Status locked = pool_.Run(Deadline(), [&](pg::Transaction& transaction) {
    const auto rows = transaction.ExecuteDynamic("SELECT FROM recoveries FOR UPDATE");
    EXPECT_FALSE(Step().found);
    return rows.status();
  });

  EXPECT_EQ(locked, absl::OkStatus());
  EXPECT_EQ(Step().recovered, 1);
}

TEST_F(PgRepairStoreTest, AnAttemptThatWasUnderWayDoesNotEndWhatIsWantedAgain) {
  for (const DeliveryState state : {DeliveryState::kExhausted, DeliveryState::kPending}) {
    const DeliveryId id = Store(webhook_);

    ASSERT_TRUE(repairs_.Redeliver(id, now_, Deadline()).ok());
    const Recorded recorded = Commit({Outcome(id, state, 1)}).front();

    EXPECT_EQ(recorded,
              state == DeliveryState::kExhausted ? Recorded::kWantedAgain : Recorded::kWritten);
    EXPECT_EQ(Get(id).state, DeliveryState::kPending);
    EXPECT_EQ(Get(id).next_attempt_time, now_);
    const std::vector<QueuedDelivery> queue = Queue(webhook_);
    ASSERT_THAT(queue, SizeIs(1));
    EXPECT_EQ(queue[0].attempt_count, 1);
    EXPECT_EQ(queue[0].attempts_before, 1) << "the schedule begins anew";
    AttemptOutcome last = Outcome(id, DeliveryState::kExhausted, 2);
    last.redeliveries = queue[0].redeliveries;
    Commit({last});
    EXPECT_EQ(Get(id).state, DeliveryState::kExhausted);
  }
}

TEST_F(PgRepairStoreTest, AnAttemptThatWasUnderWayMaySucceed) {
  const DeliveryId id = Store(webhook_);

  ASSERT_TRUE(repairs_.Redeliver(id, now_, Deadline()).ok());
  Commit({Outcome(id, DeliveryState::kSucceeded, 1)});

  EXPECT_EQ(Get(id).state, DeliveryState::kSucceeded);
}

TEST_F(PgRepairStoreTest, WhatWasCancelledAndWantedAgainDuringItsLastAttemptIsKept) {
  const DeliveryId id = Store(webhook_);
  ASSERT_TRUE(repairs_.Cancel(id, Deadline()).ok());
  ASSERT_TRUE(repairs_.Redeliver(id, now_, Deadline()).ok());

  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kExhausted, 1)}),
              ElementsAre(Recorded::kWantedAgain));

  EXPECT_EQ(Get(id).state, DeliveryState::kPending);
  EXPECT_EQ(Get(id).next_attempt_time, now_);
}

TEST_F(PgRepairStoreTest, EachTimeThatItIsWantedAgainIsToldFromTheLast) {
  const DeliveryId id = Store(webhook_);
  const auto cancel_and_redeliver = [&] {
    ASSERT_TRUE(repairs_.Cancel(id, Deadline()).ok());
    ASSERT_TRUE(repairs_.Redeliver(id, now_, Deadline()).ok());
  };
  cancel_and_redeliver();
  AttemptOutcome outcome = Outcome(id, DeliveryState::kExhausted, 1);
  outcome.redeliveries = Queue(webhook_)[0].redeliveries;
  cancel_and_redeliver();  // within the same second

  EXPECT_THAT(Commit({outcome}), ElementsAre(Recorded::kWantedAgain));
}

// Also when the commit that kept it is repeated.
TEST_F(PgRepairStoreTest, WhatIsWantedAgainIsKeptOnce) {
  const DeliveryId id = Store(webhook_);
  ASSERT_TRUE(repairs_.Redeliver(id, now_, Deadline()).ok());
  const AttemptOutcome outcome = Outcome(id, DeliveryState::kExhausted, 1);
  Commit({outcome});

  Commit({outcome});

  ASSERT_THAT(Queue(webhook_), SizeIs(1));
  EXPECT_EQ(Queue(webhook_)[0].attempts_before, 1);
  EXPECT_EQ(Get(id).state, DeliveryState::kPending);
  EXPECT_THAT(Get(id).attempts, SizeIs(1));
}

// What one transaction does while another, which `meanwhile` begins on a thread of its own, waits
// for it or is over.
class RacingRepairsTest : public PgRepairStoreTest {
 protected:
  void Race(absl::string_view sql, const std::function<void()>& meanwhile) {
    absl::Notification over;
    std::thread other;
    const absl::Status status = pool_.Run(Deadline(), [&](pg::Transaction& transaction) {
      const absl::Status done = transaction.ExecuteDynamic(sql).status();
      other = std::thread([&] {
        meanwhile();
        over.Notify();
      });
      while (!over.HasBeenNotified() && Waiting() == 0) std::this_thread::yield();
      return done;
    });
    other.join();
    EXPECT_EQ(status, absl::OkStatus());
  }

  // Its next attempt does not have the number of one that is stored.
  void ExpectNumbered(const DeliveryId& id) {
    ASSERT_THAT(Queue(webhook_), SizeIs(1));
    ASSERT_THAT(Get(id).attempts, SizeIs(1));
    EXPECT_EQ(Queue(webhook_)[0].attempt_count, 1);
    EXPECT_THAT(Commit({Outcome(id, DeliveryState::kSucceeded, 2)}),
                ElementsAre(Recorded::kWritten));
  }

 private:
  int64_t Waiting() {
    return database_.Run(schema_, "SELECT count(*) FROM pg_locks WHERE NOT granted")[0].Int64(0);
  }
};

TEST_F(RacingRepairsTest, ACancellationThatWaitsForTheWebhookLeavesTheQueueToOthers) {
  const DeliveryId id = Store(webhook_);
  std::thread cancelling;

  const absl::Status locked = pool_.Run(Deadline(), [&](pg::Transaction& transaction) {
    const auto webhooks = transaction.ExecuteDynamic("SELECT FROM webhooks FOR UPDATE");
    cancelling = std::thread([&] { EXPECT_EQ(repairs_.Cancel(id, Deadline()), absl::OkStatus()); });
    EXPECT_TRUE(tests::AwaitBlocked(transaction));
    const auto queue = transaction.ExecuteDynamic("SELECT FROM queue FOR UPDATE SKIP LOCKED");
    EXPECT_EQ(queue.ok() ? queue->size() : 0, 1);
    return webhooks.status();
  });
  cancelling.join();

  EXPECT_EQ(locked, absl::OkStatus());
}

TEST_F(RacingRepairsTest, WhatIsSentAgainWhileItsAttemptIsStored) {
  const DeliveryId id = Store(webhook_);

  Race(
      "WITH ended AS (DELETE FROM queue RETURNING *)"
      " INSERT INTO attempts (community_id, webhook_id, delivery_id, number, delivery_state,"
      "  exchange, response, outcome, response_status, duration_us)"
      " SELECT community_id, webhook_id, delivery_id, 1, 2, '', '', 1, 200, 1 FROM ended",
      [&] { EXPECT_EQ(repairs_.Redeliver(id, now_, Deadline()), absl::OkStatus()); });

  ExpectNumbered(id);
}

TEST_F(RacingRepairsTest, AnAttemptThatIsStoredWhileItsDeliveryIsSentAgain) {
  const DeliveryId id = Store(webhook_);
  ASSERT_TRUE(repairs_.Cancel(id, Deadline()).ok());
  const AttemptOutcome outcome = Outcome(id, DeliveryState::kPending, 1);

  Race(absl::StrCat("WITH again AS (SELECT * FROM deliveries FOR UPDATE)"
                    " INSERT INTO queue (community_id, webhook_id, delivery_id, shard, due_time,"
                    "  attempt_count, redeliveries) SELECT community_id, webhook_id, delivery_id, ",
                    ShardOf(webhook_), ", now(), 0, nextval('redeliveries') FROM again"),
       [&] {
         while (!queue_.Commit({outcome}, Deadline()).ok()) {
         }
       });

  ExpectNumbered(id);
}

TEST_F(PgRepairStoreTest, RefusesToRedeliverWhatIsGone) {
  const DeliveryId erased = StoreExhausted(webhook_);
  database_.Run(schema_, "UPDATE deliveries SET erased = true");
  const WebhookId deleted = AddWebhook();
  const DeliveryId orphan = StoreExhausted(deleted);
  ASSERT_TRUE(webhooks_.Delete(deleted, "", Deadline()).ok());
  const auto reason = [&](const DeliveryId& id) {
    return ErrorReason(repairs_.Redeliver(id, now_, Deadline()));
  };

  EXPECT_EQ(reason(erased), "DELIVERY_ERASED");
  EXPECT_EQ(reason(orphan), "WEBHOOK_NOT_FOUND");
  EXPECT_EQ(reason({webhook_, ids_.Next()}), "DELIVERY_NOT_FOUND");
  EXPECT_EQ(Count("queue"), 0);
}

TEST_F(PgRepairStoreTest, CancelsWhatIsPending) {
  const DeliveryId id = Store(webhook_);

  ASSERT_TRUE(repairs_.Cancel(id, Deadline()).ok());

  EXPECT_EQ(Get(id).state, DeliveryState::kCancelled);
  EXPECT_EQ(webhooks_.Get(webhook_, Deadline())->cancelled_through, id.message);
  EXPECT_EQ(ErrorReason(repairs_.Cancel(id, Deadline())), "DELIVERY_NOT_PENDING");
  EXPECT_EQ(ErrorReason(repairs_.Cancel({webhook_, ids_.Next()}, Deadline())),
            "DELIVERY_NOT_FOUND");
}

TEST_F(PgRepairStoreTest, RecoversWhatIsExhaustedInSteps) {
  const WebhookId other = AddWebhook();
  std::vector<DeliveryId> exhausted;
  for (int i = 0; i < 3; ++i) exhausted.push_back(StoreExhausted(webhook_));
  const DeliveryId elsewhere = StoreExhausted(other);
  const DeliveryId done = Store(webhook_);
  Commit({Outcome(done, DeliveryState::kSucceeded, 1)});

  const Recovery started = Start(webhook_);
  EXPECT_EQ(started.state, RecoveryState::kRunning);
  EXPECT_EQ(Step(2).recovered, 2);
  EXPECT_EQ(GetRecovery(started).recovered, 2);
  EXPECT_EQ(GetRecovery(started).progress_time, exhausted[1].message.time());
  const RecoveryStep last = Step(2);
  EXPECT_EQ(last.recovered, 1);
  EXPECT_TRUE(last.over);
  EXPECT_FALSE(Step().found);
  EXPECT_EQ(ErrorReason(repairs_.CancelRecovery(1, started.id, Deadline()).status()),
            "RECOVERY_FINISHED");

  const Recovery ended = GetRecovery(started);
  EXPECT_EQ(ended.state, RecoveryState::kSucceeded);
  EXPECT_EQ(ended.recovered, 3);
  EXPECT_TRUE(ended.end_time.has_value());
  for (const DeliveryId& id : exhausted) EXPECT_EQ(Get(id).state, DeliveryState::kPending);
  EXPECT_EQ(Get(elsewhere).state, DeliveryState::kExhausted);
  EXPECT_EQ(Get(done).state, DeliveryState::kSucceeded);
}

TEST_F(PgRepairStoreTest, RecoversAllWebhooksOfACommunityWithinTheTime) {
  const DeliveryId mine = StoreExhausted(webhook_);
  const DeliveryId other = StoreExhausted(AddWebhook());
  const DeliveryId foreign = StoreExhausted(AddWebhook(2));
  Recovery past;
  past.community = 1;
  past.created_from = now_ - absl::Hours(2);
  past.created_before = now_ - absl::Hours(1);
  past.create_time = now_;
  ASSERT_TRUE(repairs_.StartRecovery(past, "", Deadline()).ok());
  EXPECT_EQ(Step().recovered, 0);

  Start({1, 0});
  EXPECT_EQ(Step().recovered, 2);

  EXPECT_EQ(Get(mine).state, DeliveryState::kPending);
  EXPECT_EQ(Get(other).state, DeliveryState::kPending);
  EXPECT_EQ(Get(foreign).state, DeliveryState::kExhausted);
}

TEST_F(PgRepairStoreTest, RecoversNothingTwice) {
  const DeliveryId queued = StoreExhausted(webhook_);
  const DeliveryId since = StoreExhausted(webhook_);
  const DeliveryId erased = StoreExhausted(webhook_);
  ASSERT_TRUE(repairs_.Redeliver(queued, now_, Deadline()).ok());
  ASSERT_TRUE(repairs_.Redeliver(since, now_, Deadline()).ok());
  Commit({Outcome(since, DeliveryState::kSucceeded, 3)});
  database_.Run(schema_, "UPDATE deliveries SET erased = true WHERE delivery_id = '" +
                             erased.message.ToUuid() + "'");

  Start(webhook_);

  EXPECT_EQ(Step().recovered, 0);
  EXPECT_EQ(Count("queue"), 1);
}

TEST_F(RacingRepairsTest, WhatAnotherRecoveryHasJustSentAgainIsLeft) {
  const DeliveryId id = StoreExhausted(webhook_);
  Start(webhook_);
  constexpr absl::string_view kSentAgain =
      "WITH locked AS (UPDATE deliveries SET erased = erased)"
      " INSERT INTO attempts SELECT community_id, webhook_id, delivery_id, 3, 2, exchange, "
      "response,"
      "  1, 200, duration_us FROM attempts WHERE number = 2";

  Race(kSentAgain, [&] { EXPECT_EQ(Step().recovered, 0); });

  EXPECT_EQ(Get(id).state, DeliveryState::kSucceeded);
}

// Its attempts that exhausted it are several, and a step may end between them.
TEST_F(PgRepairStoreTest, RecoversWhatWasSentAgainInVain) {
  const DeliveryId id = StoreExhausted(webhook_);
  ASSERT_TRUE(repairs_.Redeliver(id, now_, Deadline()).ok());
  AttemptOutcome in_vain = Outcome(id, DeliveryState::kExhausted, 3);
  in_vain.redeliveries = Queue(webhook_)[0].redeliveries;
  Commit({in_vain});
  const DeliveryId next = StoreExhausted(webhook_);

  Start(webhook_);
  EXPECT_EQ(Step(1).recovered, 1);
  EXPECT_EQ(Step(1).recovered, 1);

  EXPECT_EQ(Get(id).state, DeliveryState::kPending);
  EXPECT_EQ(Get(next).state, DeliveryState::kPending);
}

TEST_F(PgRepairStoreTest, WhatWasCancelledDuringItsLastAttemptStaysCancelled) {
  const DeliveryId id = Store(webhook_);
  ASSERT_TRUE(repairs_.Cancel(id, Deadline()).ok());

  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kExhausted, 1)}),
              ElementsAre(Recorded::kCancelled));

  EXPECT_EQ(Get(id).state, DeliveryState::kCancelled);
  Start(webhook_);
  EXPECT_EQ(Step().recovered, 0);
}

TEST_F(PgRepairStoreTest, ACancelledRecoveryGoesNoFurther) {
  StoreExhausted(webhook_);
  const Recovery recovery = Start(webhook_);

  EXPECT_EQ(repairs_.CancelRecovery(1, recovery.id, Deadline())->state, RecoveryState::kCancelled);

  EXPECT_FALSE(Step().found);
  EXPECT_EQ(ErrorReason(repairs_.CancelRecovery(2, recovery.id, Deadline()).status()),
            "RECOVERY_NOT_FOUND");
  EXPECT_EQ(ErrorReason(repairs_.GetRecovery(2, recovery.id, Deadline()).status()),
            "RECOVERY_NOT_FOUND");
}

TEST_F(PgRepairStoreTest, RefusesToRecoverAWebhookThatIsUnknown) {
  Recovery unknown;
  unknown.community = 1;
  unknown.webhook = 999'999;

  EXPECT_EQ(ErrorReason(repairs_.StartRecovery(unknown, "", Deadline()).status()),
            "WEBHOOK_NOT_FOUND");
}

// A store with a schema of its own.
class PgRepairs : private DeliveryStorageTest {
 public:
  RepairStore& store() { return store_; }

 private:
  void TestBody() override {}

  PgRepairStore store_{pool_};
};

std::shared_ptr<RepairStore> MakeStore() {
  const auto repairs = std::make_shared<PgRepairs>();
  return {repairs, &repairs->store()};
}

INSTANTIATE_TEST_SUITE_P(Pg, RepairStoreConformance, testing::Values(MakeStore));

}  // namespace
}  // namespace crier::delivery::storage
