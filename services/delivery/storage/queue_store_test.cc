#include "services/delivery/storage/queue_store.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/delivery/storage/delivery_fixture.h"

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

  // The next webhook after `webhook` that has the same shard.
  static WebhookId SameShard(const WebhookId& webhook) {
    WebhookId other = webhook;
    do {
      ++other.id;
    } while (ShardOf(other) != ShardOf(webhook));
    return other;
  }

  void Postpone(const DeliveryId& id, absl::Duration by) {
    AttemptOutcome outcome = Outcome(id, DeliveryState::kPending, 1);
    outcome.due_time = now_ + by;
    ASSERT_THAT(Commit({outcome}), ElementsAre(true));
  }
};

// --- what is due ---

TEST_F(PgQueueStoreTest, FindsTheWebhooksOfAShardByTheirEarliestDelivery) {
  const WebhookId other = SameShard(a_);
  const WebhookId far = SameShard(other);
  for (int i = 0; i < 5; ++i) Store(a_);
  Postpone(Store(other), -absl::Seconds(1));
  Postpone(Store(far), absl::Hours(1));
  Store(b_);
  ASSERT_NE(ShardOf(a_), ShardOf(b_));

  const std::vector<StoredWebhook> found = Find(ShardOf(a_), now_ + absl::Minutes(1));

  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].webhook, other);
  EXPECT_EQ(found[0].earliest_due_time, now_ - absl::Seconds(1));
  EXPECT_EQ(found[1].webhook, a_);
  EXPECT_EQ(found[1].earliest_due_time, now_);
  EXPECT_THAT(Find(ShardOf(a_), now_ + absl::Minutes(1), 1), SizeIs(1));
  EXPECT_THAT(Find(ShardOf(a_), now_ + absl::Hours(2)), SizeIs(3));
}

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

TEST_F(PgQueueStoreTest, LoadsTheFirstDeliveriesOfEachWebhook) {
  const DeliveryId first = Store(a_);
  const DeliveryId second = Store(a_);
  const DeliveryId third = Store(a_);
  const DeliveryId of_b = Store(b_);
  Postpone(first, absl::Seconds(30));

  const auto rows = queue_.LoadQueue({b_, {9, 9}, a_}, absl::InfiniteFuture(), 1, Deadline());

  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_THAT(*rows, SizeIs(3));
  ASSERT_THAT((*rows)[0], SizeIs(1));
  EXPECT_EQ((*rows)[0][0].id, of_b);
  EXPECT_THAT((*rows)[1], IsEmpty());
  ASSERT_THAT((*rows)[2], SizeIs(2));
  EXPECT_EQ((*rows)[2][0].id, second);
  EXPECT_EQ((*rows)[2][0].due_time, now_);
  EXPECT_EQ((*rows)[2][0].attempt_count, 0);
  EXPECT_EQ((*rows)[2][1].id, third);
  const std::vector<QueuedDelivery> all = Queue(a_);
  EXPECT_EQ(all.back().id, first);
  EXPECT_EQ(all.back().attempt_count, 1);
}

TEST_F(PgQueueStoreTest, LoadsNoMoreThanOneOfThoseThatAreDueLater) {
  const DeliveryId due = Store(a_);
  const DeliveryId later = Store(a_);
  const DeliveryId last = Store(a_);
  Postpone(later, absl::Minutes(1));
  Postpone(last, absl::Minutes(2));

  const auto rows = queue_.LoadQueue({a_}, now_ + absl::Seconds(1), 100, Deadline());

  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_THAT(rows->front(), SizeIs(2));
  EXPECT_EQ(rows->front()[0].id, due);
  EXPECT_EQ(rows->front()[1].id, later);
}

TEST_F(PgQueueStoreTest, LoadsWhatIsToBeSent) {
  const DeliveryId id = Store(a_);
  const DeliveryId unknown{a_, ids_.Next()};

  const auto contents = queue_.LoadContents({unknown, id}, Deadline());

  ASSERT_TRUE(contents.ok()) << contents.status();
  EXPECT_FALSE((*contents)[0].has_value());
  ASSERT_TRUE((*contents)[1].has_value());
  EXPECT_EQ((*contents)[1]->workflow.id, 5);
  EXPECT_EQ((*contents)[1]->workflow.display_name, "Workflow");
  entity::v1::Event event = SampleContactEvent();
  event.set_community_id(a_.community);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*(*contents)[1]->event, event));
}

TEST_F(PgQueueStoreTest, AnEventThatCannotBeReadHoldsUpNoOther) {
  const DeliveryId broken = Store(a_);
  database_.Run(schema_, "UPDATE snapshots SET event = '\\xff'");
  const DeliveryId whole = Store(a_);

  const auto contents = queue_.LoadContents({broken, whole}, Deadline());

  ASSERT_TRUE(contents.ok()) << contents.status();
  EXPECT_FALSE((*contents)[0].has_value());
  EXPECT_TRUE((*contents)[1].has_value());
}

// --- outcomes ---

TEST_F(PgQueueStoreTest, SuccessTakesADeliveryOffTheQueue) {
  const DeliveryId id = Store(a_);

  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kSucceeded, 1)}), ElementsAre(true));

  EXPECT_THAT(Queue(a_), IsEmpty());
  EXPECT_EQ(Get(id).state, DeliveryState::kSucceeded);
  EXPECT_THAT(Get(id).attempts, SizeIs(1));
}

TEST_F(PgQueueStoreTest, AFailureIsQueuedAgain) {
  const DeliveryId id = Store(a_);

  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kPending, 1)}), ElementsAre(true));

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

  EXPECT_THAT(Commit({outcome}), ElementsAre(true));

  EXPECT_THAT(Queue(a_), IsEmpty());
  EXPECT_EQ(Get(id).state, DeliveryState::kCancelled);
  EXPECT_THAT(Get(id).attempts, IsEmpty());
}

TEST_F(PgQueueStoreTest, AnAttemptUnderWayWhenTheWebhookIsDeletedBringsNothingBack) {
  const DeliveryId id = Store(a_);
  database_.Run(schema_, "DELETE FROM queue");

  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kPending, 1)}), ElementsAre(true));

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

  EXPECT_THAT(Commit(outcomes), testing::Each(true));

  EXPECT_EQ(Count("queue"), 10);
  EXPECT_EQ(Count("attempts"), 30);
}

TEST_F(PgQueueStoreTest, ARepeatedCommitChangesNothing) {
  const DeliveryId done = Store(a_);
  const DeliveryId again = Store(a_);
  const std::vector<AttemptOutcome> outcomes = {Outcome(done, DeliveryState::kSucceeded, 1),
                                                Outcome(again, DeliveryState::kPending, 1)};
  Commit(outcomes);

  EXPECT_THAT(Commit(outcomes), testing::Each(true));

  EXPECT_EQ(Count("attempts"), 2);
  ASSERT_THAT(Queue(a_), SizeIs(1));
  EXPECT_EQ(Queue(a_)[0].attempt_count, 1);
}

// --- fencing ---

TEST_F(PgQueueStoreTest, AStaleEpochWritesNothing) {
  const DeliveryId id = Store(a_);
  const AttemptOutcome stale = Outcome(id, DeliveryState::kSucceeded, 1);
  Lease("another replica");

  EXPECT_THAT(Commit({stale}), ElementsAre(false));

  EXPECT_EQ(Count("attempts"), 0);
  EXPECT_EQ(Get(id).state, DeliveryState::kPending);
}

TEST_F(PgQueueStoreTest, ALeaseThatCameBackIsAnother) {
  const DeliveryId id = Store(a_);
  const AttemptOutcome stale = Outcome(id, DeliveryState::kSucceeded, 1);
  Lease("another replica");
  Lease(kOwner);

  EXPECT_THAT(Commit({stale}), ElementsAre(false));
  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kSucceeded, 1)}), ElementsAre(true));
}

TEST_F(PgQueueStoreTest, FencesEachShardByItself) {
  const DeliveryId good = Store(a_);
  const DeliveryId fenced = Store(b_);
  ASSERT_NE(ShardOf(a_), ShardOf(b_));
  AttemptOutcome stale = Outcome(fenced, DeliveryState::kSucceeded, 1);
  --stale.lease.epoch;

  EXPECT_THAT(Commit({stale, Outcome(good, DeliveryState::kSucceeded, 1)}),
              ElementsAre(false, true));

  EXPECT_EQ(Get(good).state, DeliveryState::kSucceeded);
  EXPECT_EQ(Get(fenced).state, DeliveryState::kPending);
}

}  // namespace
}  // namespace crier::delivery::storage
