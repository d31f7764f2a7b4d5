#include "services/delivery/domain/queue/delivery_store_conformance.h"

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/delivery/domain/payloads/samples.h"

namespace crier::delivery {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Only a test that hangs will reach it.
absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

entity::v1::Event SampleOf(int64_t community) {
  entity::v1::Event event = SampleContactEvent();
  event.set_community_id(community);
  return event;
}

}  // namespace

DeliveryStoreConformance::DeliveryStoreConformance()
    : now_(absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()))), ids_(SystemClock()) {
  EXPECT_NE(ShardOf(a_), ShardOf(b_));
}

NewMessage DeliveryStoreConformance::Message(const std::vector<WebhookId>& webhooks) {
  NewMessage message;
  message.snapshot_id = ids_.Next();
  message.event = TakeSnapshot(SampleOf(webhooks.front().community));
  for (const WebhookId& webhook : webhooks) {
    NewMessage::Target target;
    target.id = {webhook, ids_.Next()};
    target.workflow = {5, "Workflow"};
    message.targets.push_back(target);
  }
  return message;
}

Intake DeliveryStoreConformance::NewIntake(const std::string& producer, int64_t expected,
                                           int64_t next) const {
  Intake intake;
  intake.producer = producer;
  intake.expected_position = expected;
  intake.next_position = next;
  intake.due_time = now_;
  return intake;
}

DeliveryId DeliveryStoreConformance::Store(const WebhookId& webhook, absl::Duration due_in) {
  Intake intake = NewIntake("store", position_, position_ + 1);
  ++position_;
  intake.due_time += due_in;
  intake.messages.push_back(Message({webhook}));
  const absl::Status status = stores_->intake().Enqueue(intake, Deadline());
  EXPECT_TRUE(status.ok()) << status;
  return intake.messages.front().targets.front().id;
}

int64_t DeliveryStoreConformance::Position(const std::string& producer) {
  const auto position = stores_->intake().ProducerPosition(producer, Deadline());
  EXPECT_TRUE(position.ok()) << position.status();
  return position.value_or(-1);
}

AttemptOutcome DeliveryStoreConformance::Outcome(const DeliveryId& id, DeliveryState state,
                                                 int attempt_number) {
  AttemptOutcome outcome;
  outcome.lease = stores_->LeaseOf(ShardOf(id.webhook));
  outcome.id = id;
  outcome.state = state;
  outcome.due_time = now_ + absl::Minutes(5);
  outcome.attempt = Attempt{attempt_number, {}};
  outcome.attempt->exchange.start_time = now_;
  return outcome;
}

std::vector<Recorded> DeliveryStoreConformance::Commit(
    const std::vector<AttemptOutcome>& outcomes) {
  const auto recorded = stores_->queue().Commit(outcomes, Deadline());
  EXPECT_TRUE(recorded.ok()) << recorded.status();
  return recorded.value_or(std::vector<Recorded>());
}

std::vector<QueuedDelivery> DeliveryStoreConformance::Queue(const WebhookId& webhook) {
  const auto rows = stores_->queue().LoadQueue({webhook}, absl::InfiniteFuture(), 1000, Deadline());
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows->front();
}

std::vector<bool> DeliveryStoreConformance::FindQueued(const std::vector<DeliveryId>& ids) {
  const auto queued = stores_->queue().FindQueued(ids, Deadline());
  EXPECT_TRUE(queued.ok()) << queued.status();
  return queued.value_or(std::vector<bool>());
}

// --- intake ---

TEST_P(DeliveryStoreConformance, PositionsMoveWithTheDeliveries) {
  EXPECT_EQ(Position("producer"), 0);
  Intake intake = NewIntake("producer", 0, 7);
  intake.messages = {Message({a_, b_}), Message({a_})};

  ASSERT_TRUE(stores_->intake().Enqueue(intake, Deadline()).ok());
  ASSERT_TRUE(stores_->intake().Enqueue(NewIntake("producer", 7, 9), Deadline()).ok());

  EXPECT_EQ(Position("producer"), 9);
  EXPECT_EQ(Position("another"), 0);
  const std::vector<QueuedDelivery> of_a = Queue(a_);
  ASSERT_THAT(of_a, SizeIs(2));
  EXPECT_EQ(of_a[0].id, intake.messages[0].targets[0].id);
  EXPECT_EQ(of_a[0].due_time, now_);
  EXPECT_EQ(of_a[0].attempt_count, 0);
  EXPECT_THAT(Queue(b_), SizeIs(1));
}

TEST_P(DeliveryStoreConformance, ADeliveryMayBeDueLaterThanTheOthers) {
  Intake intake = NewIntake("producer", 0, 1);
  intake.messages = {Message({a_, b_})};
  intake.messages[0].targets[1].due_time = now_ + absl::Seconds(7);

  ASSERT_TRUE(stores_->intake().Enqueue(intake, Deadline()).ok());

  EXPECT_EQ(Queue(a_).front().due_time, now_);
  EXPECT_EQ(Queue(b_).front().due_time, now_ + absl::Seconds(7));
}

TEST_P(DeliveryStoreConformance, NothingIsStoredForAProducerThatStandsElsewhere) {
  ASSERT_TRUE(stores_->intake().Enqueue(NewIntake("producer", 0, 3), Deadline()).ok());
  for (const int64_t expected : {0, 2, 4}) {
    Intake intake = NewIntake("producer", expected, 10);
    intake.messages.push_back(Message({a_}));

    const absl::Status status = stores_->intake().Enqueue(intake, Deadline());

    EXPECT_EQ(ErrorReason(status), "POSITION_MISMATCH");
    EXPECT_EQ(ErrorMetadata(status, "actual_position"), "3");
  }
  const absl::Status beginner = stores_->intake().Enqueue(NewIntake("beginner", 5, 6), Deadline());
  EXPECT_EQ(ErrorMetadata(beginner, "actual_position"), "0");
  EXPECT_EQ(Position("producer"), 3);
  EXPECT_EQ(Position("beginner"), 0);
  EXPECT_THAT(Queue(a_), IsEmpty());
}

TEST_P(DeliveryStoreConformance, OfSeveralIntakesEachIsStoredOrNot) {
  std::vector<Intake> intakes = {NewIntake("good", 0, 7), NewIntake("behind", 1, 7),
                                 NewIntake("another", 0, 7)};
  for (Intake& intake : intakes) intake.messages.push_back(Message({a_}));

  const auto stored = stores_->intake().Enqueue(intakes, Deadline());

  ASSERT_TRUE(stored.ok()) << stored.status();
  ASSERT_THAT(*stored, SizeIs(3));
  EXPECT_TRUE((*stored)[0].ok());
  EXPECT_EQ(ErrorMetadata((*stored)[1], "actual_position"), "0");
  EXPECT_TRUE((*stored)[2].ok());
  EXPECT_EQ(Position("behind"), 0);
  EXPECT_EQ(Position("another"), 7);
  EXPECT_THAT(Queue(a_), SizeIs(2));
}

// --- what is due ---

TEST_P(DeliveryStoreConformance, WebhooksOfAShardAreFoundByTheirEarliestDelivery) {
  WebhookId other = a_;
  do {
    ++other.id;
  } while (ShardOf(other) != ShardOf(a_));
  Store(a_, absl::Seconds(1));
  Store(a_);
  Store(other, -absl::Seconds(1));
  Store(b_);
  const auto find = [&](absl::Time before, int limit) {
    return stores_->queue().FindWebhooks(ShardOf(a_), before, limit, Deadline()).value();
  };

  const std::vector<StoredWebhook> found = find(now_ + absl::Minutes(1), 10);

  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].webhook, other);
  EXPECT_EQ(found[0].earliest_due_time, now_ - absl::Seconds(1));
  EXPECT_EQ(found[1].webhook, a_);
  EXPECT_EQ(found[1].earliest_due_time, now_);
  EXPECT_THAT(find(now_, 10), SizeIs(1));
  EXPECT_THAT(find(now_ + absl::Minutes(1), 1), SizeIs(1));
}

TEST_P(DeliveryStoreConformance, LoadsTheFirstOfEachWebhookAndTheOneAfterThem) {
  const DeliveryId later = Store(a_, absl::Seconds(30));
  const DeliveryId first = Store(a_);
  const DeliveryId second = Store(a_);
  const DeliveryId of_b = Store(b_);
  const auto load = [&](absl::Time before, int limit) {
    return stores_->queue().LoadQueue({b_, {9, 9}, a_}, before, limit, Deadline()).value();
  };
  const auto messages = [](const std::vector<QueuedDelivery>& rows) {
    std::vector<MessageId> ids;
    for (const QueuedDelivery& row : rows) ids.push_back(row.id.message);
    return ids;
  };

  const auto limited = load(absl::InfiniteFuture(), 1);
  const auto due = load(now_ + absl::Seconds(1), 100);

  ASSERT_THAT(limited, SizeIs(3));
  EXPECT_THAT(messages(limited[0]), ElementsAre(of_b.message));
  EXPECT_THAT(limited[1], IsEmpty());
  EXPECT_THAT(messages(limited[2]), ElementsAre(first.message, second.message));
  EXPECT_THAT(messages(due[2]), ElementsAre(first.message, second.message, later.message));
  Store(a_, absl::Minutes(2));
  EXPECT_THAT(load(now_ + absl::Seconds(1), 100)[2], SizeIs(3));
}

TEST_P(DeliveryStoreConformance, LoadsWhatIsToBeSent) {
  const DeliveryId id = Store(a_);

  const auto contents = stores_->queue().LoadContents({{a_, ids_.Next()}, id}, Deadline());

  ASSERT_TRUE(contents.ok()) << contents.status();
  ASSERT_THAT(*contents, SizeIs(2));
  EXPECT_FALSE((*contents)[0].has_value());
  ASSERT_TRUE((*contents)[1].has_value());
  EXPECT_EQ((*contents)[1]->workflow.id, 5);
  EXPECT_EQ((*contents)[1]->workflow.display_name, "Workflow");
  EXPECT_FALSE((*contents)[1]->is_notice);
  entity::v1::Event event;
  ASSERT_TRUE(event.ParseFromString(*(*contents)[1]->snapshot));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(event, SampleOf(a_.community)));
}

// --- outcomes ---

TEST_P(DeliveryStoreConformance, WhatIsOverLeavesTheQueue) {
  const std::vector<DeliveryId> ids = {Store(a_), Store(a_), Store(b_), Store(b_)};
  AttemptOutcome cancelled = Outcome(ids[2], DeliveryState::kCancelled, 1);
  cancelled.attempt.reset();

  EXPECT_THAT(Commit({Outcome(ids[0], DeliveryState::kSucceeded, 1),
                      Outcome(ids[1], DeliveryState::kExhausted, 1), cancelled}),
              Each(Recorded::kWritten));

  EXPECT_THAT(FindQueued(ids), ElementsAre(false, false, false, true));
}

TEST_P(DeliveryStoreConformance, WhatFailedIsQueuedAgain) {
  const DeliveryId id = Store(a_);

  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kPending, 1)}), ElementsAre(Recorded::kWritten));

  const std::vector<QueuedDelivery> queued = Queue(a_);
  ASSERT_THAT(queued, SizeIs(1));
  EXPECT_EQ(queued[0].attempt_count, 1);
  EXPECT_EQ(queued[0].attempts_before, 0);
  EXPECT_EQ(queued[0].due_time, now_ + absl::Minutes(5));
}

TEST_P(DeliveryStoreConformance, WhatWasCancelledMeanwhileDoesNotComeBack) {
  const DeliveryId id = Store(a_);
  AttemptOutcome cancelled = Outcome(id, DeliveryState::kCancelled, 1);
  cancelled.attempt.reset();
  Commit({cancelled});

  EXPECT_THAT(Commit({Outcome(id, DeliveryState::kPending, 1)}), ElementsAre(Recorded::kCancelled));

  EXPECT_THAT(Queue(a_), IsEmpty());
}

TEST_P(DeliveryStoreConformance, WhatSomebodyElseTookOffTheQueueWasNotEndedHere) {
  const std::vector<DeliveryId> ids = {Store(a_), Store(a_), Store(b_)};
  std::vector<AttemptOutcome> outcomes;
  for (const DeliveryId& id : ids) {
    outcomes.push_back(Outcome(id, DeliveryState::kCancelled, 1));
    outcomes.back().attempt.reset();
  }
  Commit(outcomes);

  EXPECT_THAT(Commit({Outcome(ids[0], DeliveryState::kExhausted, 1),
                      Outcome(ids[1], DeliveryState::kSucceeded, 1), outcomes[2]}),
              Each(Recorded::kCancelled));
}

TEST_P(DeliveryStoreConformance, ARepeatedCommitChangesNothing) {
  const DeliveryId done = Store(a_);
  const DeliveryId again = Store(a_);
  const std::vector<AttemptOutcome> outcomes = {Outcome(done, DeliveryState::kSucceeded, 1),
                                                Outcome(again, DeliveryState::kPending, 1)};
  Commit(outcomes);

  EXPECT_THAT(Commit(outcomes), Each(Recorded::kWritten));

  ASSERT_THAT(Queue(a_), SizeIs(1));
  EXPECT_EQ(Queue(a_)[0].attempt_count, 1);
}

TEST_P(DeliveryStoreConformance, NothingIsWrittenUnderALeaseThatIsLost) {
  const DeliveryId id = Store(a_);
  const AttemptOutcome stale = Outcome(id, DeliveryState::kSucceeded, 1);
  stores_->LoseLeases();

  EXPECT_THAT(Commit({stale}), ElementsAre(Recorded::kFenced));

  EXPECT_THAT(FindQueued({id}), ElementsAre(true));
}

TEST_P(DeliveryStoreConformance, EachShardIsFencedByItself) {
  const DeliveryId good = Store(a_);
  const DeliveryId fenced = Store(b_);
  AttemptOutcome stale = Outcome(fenced, DeliveryState::kSucceeded, 1);
  --stale.lease.epoch;

  EXPECT_THAT(Commit({stale, Outcome(good, DeliveryState::kSucceeded, 1)}),
              ElementsAre(Recorded::kFenced, Recorded::kWritten));

  EXPECT_THAT(FindQueued({good, fenced}), ElementsAre(false, true));
}

}  // namespace crier::delivery
