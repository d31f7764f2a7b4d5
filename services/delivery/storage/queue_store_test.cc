#include "services/delivery/storage/queue_store.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "services/delivery/domain/queue/delivery_store_conformance.h"
#include "services/delivery/storage/delivery_fixture.h"
#include "services/delivery/storage/repair_store.h"

namespace crier::delivery::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class PgQueueStoreTest : public DeliveryStorageTest {
 protected:
  std::vector<StoredWebhook> Find(int32_t shard, absl::Time before, int limit = 1000) {
    const auto found = queue_.FindWebhooks(shard, before, limit, Deadline());
    EXPECT_TRUE(found.ok()) << found.status();
    return found.value_or(std::vector<StoredWebhook>());
  }
};

// --- what is due ---

TEST_F(PgQueueStoreTest, FindsNothingOfWebhooksThatArePausedOrDisabled) {
  for (const int state : {2, 3}) {
    const WebhookId webhook = StoreWebhook(state);
    Store(webhook);
    EXPECT_THAT(Find(ShardOf(webhook), absl::InfiniteFuture()), IsEmpty());
  }
}

TEST_F(PgQueueStoreTest, FindsWhatIsEnabledAndWhatOfTheDeletedIsToBeCancelled) {
  const WebhookId enabled = StoreWebhook(1);
  const WebhookId deleted = StoreWebhook(2);
  database_.Run(schema_, absl::StrCat("UPDATE webhooks SET delete_time = now() WHERE webhook_id = ",
                                      deleted.id));
  Store(enabled);
  Store(deleted);

  EXPECT_THAT(Find(ShardOf(enabled), absl::InfiniteFuture()), testing::Not(IsEmpty()));
  EXPECT_THAT(Find(ShardOf(deleted), absl::InfiniteFuture()), testing::Not(IsEmpty()));
}

// --- outcomes ---

TEST_F(PgQueueStoreTest, SuccessTakesADeliveryOffTheQueue) {
  const DeliveryId id = Store(a_);

  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kSucceeded, 1)}), ElementsAre(Recorded::kWritten));

  EXPECT_THAT(Queue(a_), IsEmpty());
  EXPECT_EQ(Get(id).state, DeliveryState::kSucceeded);
  EXPECT_THAT(Get(id).attempts, SizeIs(1));
}

TEST_F(PgQueueStoreTest, AFailureIsQueuedAgain) {
  const DeliveryId id = Store(a_);

  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kPending, 1)}), ElementsAre(Recorded::kWritten));

  const std::vector<QueuedDelivery> queued = Queue(a_);
  ASSERT_THAT(queued, SizeIs(1));
  EXPECT_EQ(queued[0].attempt_count, 1);
  EXPECT_EQ(queued[0].due_time, now_ + absl::Minutes(5));
  EXPECT_EQ(Get(id).state, DeliveryState::kPending);
  EXPECT_EQ(Get(id).next_attempt_time, now_ + absl::Minutes(5));
}

TEST_F(PgQueueStoreTest, TheLastFailureExhaustsADelivery) {
  const DeliveryId id = Store(a_);
  Commit({Outcome(id, DeliveryState::kPending, 1)});

  Commit({Outcome(id, DeliveryState::kExhausted, 2)});

  EXPECT_THAT(Queue(a_), IsEmpty());
  EXPECT_EQ(Get(id).state, DeliveryState::kExhausted);
  EXPECT_EQ(Get(id).next_attempt_time, std::nullopt);
}

TEST_F(PgQueueStoreTest, ACancellationNeedsNoAttempt) {
  const DeliveryId id = Store(a_);
  AttemptOutcome outcome = Outcome(id, DeliveryState::kCancelled, 1);
  outcome.attempt.reset();

  EXPECT_THAT(Commit({outcome}), ElementsAre(Recorded::kWritten));

  EXPECT_THAT(Queue(a_), IsEmpty());
  EXPECT_EQ(Get(id).state, DeliveryState::kCancelled);
  EXPECT_THAT(Get(id).attempts, IsEmpty());
}

TEST_F(PgQueueStoreTest, AnAttemptUnderWayWhenTheWebhookIsDeletedBringsNothingBack) {
  const DeliveryId id = Store(a_);
  database_.Run(schema_, "DELETE FROM queue");

  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kPending, 1)}), ElementsAre(Recorded::kCancelled));

  EXPECT_THAT(Queue(a_), IsEmpty());
  EXPECT_EQ(Get(id).state, DeliveryState::kCancelled);
  EXPECT_THAT(Get(id).attempts, SizeIs(1));
}

TEST_F(PgQueueStoreTest, CommitsManyAtOnce) {
  std::vector<AttemptOutcome> outcomes;
  std::vector<DeliveryId> ids;
  for (int i = 0; i < 30; ++i) {
    ids.push_back(Store({1, i % 10 + 1}));
    outcomes.push_back(
        Outcome(ids.back(), i % 3 == 0 ? DeliveryState::kPending : DeliveryState::kSucceeded, 1));
  }

  EXPECT_THAT(Commit(outcomes), testing::Each(Recorded::kWritten));

  EXPECT_EQ(Count("queue"), 10);
  EXPECT_EQ(Count("attempts"), 30);
}

TEST_F(PgQueueStoreTest, ARepeatedCommitChangesNothing) {
  const DeliveryId done = Store(a_);
  const DeliveryId again = Store(a_);
  const std::vector<AttemptOutcome> outcomes = {Outcome(done, DeliveryState::kSucceeded, 1),
                                                Outcome(again, DeliveryState::kPending, 1)};
  Commit(outcomes);

  EXPECT_THAT(Commit(outcomes), testing::Each(Recorded::kWritten));

  EXPECT_EQ(Count("attempts"), 2);
  ASSERT_THAT(Queue(a_), SizeIs(1));
  EXPECT_EQ(Queue(a_)[0].attempt_count, 1);
}

TEST_F(PgQueueStoreTest, ARepeatedCommitLeavesWhatWasSentAgainMeanwhile) {
  const WebhookId webhook = StoreWebhook(1);
  const DeliveryId id = Store(webhook);
  const std::vector<AttemptOutcome> outcomes = {Outcome(id, DeliveryState::kSucceeded, 1)};
  Commit(outcomes);
  const absl::Status again = PgRepairStore(pool_).Redeliver(id, now_, Deadline());
  ASSERT_TRUE(again.ok()) << again;

  EXPECT_THAT(Commit(outcomes), testing::Each(Recorded::kWritten));

  EXPECT_THAT(Queue(webhook), SizeIs(1));
  EXPECT_EQ(Count("attempts"), 1);
}

// --- fencing ---

TEST_F(PgQueueStoreTest, AStaleEpochWritesNothing) {
  const DeliveryId id = Store(a_);
  const AttemptOutcome stale = Outcome(id, DeliveryState::kSucceeded, 1);
  Lease("another replica");

  EXPECT_THAT(Commit({stale}), ElementsAre(Recorded::kFenced));

  EXPECT_EQ(Count("attempts"), 0);
  EXPECT_EQ(Get(id).state, DeliveryState::kPending);
}

TEST_F(PgQueueStoreTest, ALeaseThatCameBackIsAnother) {
  const DeliveryId id = Store(a_);
  const AttemptOutcome stale = Outcome(id, DeliveryState::kSucceeded, 1);
  Lease("another replica");
  Lease(kOwner);

  EXPECT_THAT(Commit({stale}), ElementsAre(Recorded::kFenced));
  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kSucceeded, 1)}), ElementsAre(Recorded::kWritten));
}

// --- conformance ---

class PgStores : public DeliveryStores, private DeliveryStorageTest {
 public:
  QueueStore& queue() override { return queue_; }
  IntakeStore& intake() override { return intake_; }
  lease::Lease LeaseOf(int32_t shard) override { return held_[shard]; }
  void LoseLeases() override { Lease("another replica"); }

 private:
  void TestBody() override {}
};

INSTANTIATE_TEST_SUITE_P(Pg, DeliveryStoreConformance,
                         testing::Values([] { return std::make_shared<PgStores>(); }));

}  // namespace
}  // namespace crier::delivery::storage
