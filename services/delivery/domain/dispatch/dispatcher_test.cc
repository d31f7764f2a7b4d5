#include "services/delivery/domain/dispatch/dispatcher_test.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace crier::delivery {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_F(DispatcherTest, SendsWhatIsDueAndStoresTheSuccess) {
  const DeliveryId id = Enqueue();

  Dispatch();

  ASSERT_THAT(sender_.sent, SizeIs(1));
  const FakeSender::Sent& sent = sender_.sent.front();
  EXPECT_EQ(sent.request.url, "https://example.com/first");
  EXPECT_EQ(sent.connection_group, 123);
  EXPECT_THAT(sent.request.headers, testing::Contains(Header{"webhook-id", id.message.ToString()}));
  EXPECT_TRUE(absl::StartsWith(sent.request.body, "{"));
  sender_.Answer(200);
  Settle();

  EXPECT_FALSE(store_.Queued(id.message).has_value());
  const std::vector<AttemptOutcome> outcomes = store_.Outcomes(id.message);
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_EQ(outcomes[0].state, DeliveryState::kSucceeded);
  EXPECT_EQ(outcomes[0].lease, lease_);
  EXPECT_EQ(outcomes[0].attempt->number, 1);
  EXPECT_EQ(outcomes[0].attempt->exchange.start_time, clock_.Now());
  EXPECT_EQ(outcomes[0].attempt->exchange.request_body, "");
  EXPECT_EQ(scheduler_.size(), 0);
}

TEST_F(DispatcherTest, DoesNotSendWhatWasCancelledWhileItWasInMemory) {
  const DeliveryId cancelled = Enqueue();
  const DeliveryId other = Enqueue();
  CancelInStore(cancelled);

  Dispatch();

  ExpectSent(other);
  sender_.Answer(200);
  Settle();
  EXPECT_THAT(store_.Outcomes(cancelled.message), testing::IsEmpty());
  EXPECT_EQ(scheduler_.size(), 0);
}

TEST_F(DispatcherTest, SendsWhatIsQueuedThoughLaterOnesWereCancelled) {
  const DeliveryId earlier = Enqueue();
  const DeliveryId cancelled = Enqueue();
  CancelInStore(cancelled);

  Dispatch();

  ExpectSent(earlier);
  sender_.Answer(200);
  Settle();
}

TEST_F(DispatcherTest, SendsNothingWithoutTheSecretsAndTriesAgain) {
  const DeliveryId id = Enqueue();
  Change([](Webhook& webhook) { webhook.secrets_error = "the key ring has no key 1"; });

  Dispatch();
  Settle();

  EXPECT_THAT(sender_.sent, testing::IsEmpty());
  ASSERT_THAT(store_.Outcomes(id.message), SizeIs(1));
  const AttemptOutcome outcome = store_.Outcomes(id.message).front();
  EXPECT_EQ(outcome.state, DeliveryState::kPending);
  EXPECT_EQ(outcome.attempt->exchange.result.error,
            "the secrets of the webhook cannot be read by the server");
}

TEST_F(DispatcherTest, TellsHowFreshFirstAttemptsAreButNotOfWhatTheWebhookPutsOff) {
  prometheus::Histogram& freshness = registry_.Histogram(
      "crier_delivery_event_to_first_attempt_seconds", "", metrics::LatencyBuckets());
  const auto counted = [&] { return freshness.Collect().histogram.sample_count; };
  Enqueue();
  Dispatch();
  EXPECT_EQ(counted(), 1);

  Change([](Webhook& webhook) { webhook.attempts_per_minute = 60; });
  Enqueue();
  Dispatch();
  EXPECT_EQ(counted(), 1);

  Change([this](Webhook& webhook) {
    webhook.attempts_per_minute = 0;
    webhook.failing = FailingSpell{.since = clock_.Now()};
  });
  Enqueue();
  Dispatch();
  EXPECT_EQ(counted(), 1);

  Change([](Webhook& webhook) { webhook.failing.reset(); });
  Enqueue();
  clock_.Advance(absl::Seconds(10));
  ChangeState(StateAction::kPause);
  ChangeState(StateAction::kResume);
  Dispatch();
  EXPECT_EQ(counted(), 1);
}

TEST_F(DispatcherTest, ANoticeIsSentAsItIsStored) {
  Change([](Webhook& webhook) { webhook.envelope = true; });
  const auto notice = std::make_shared<const std::string>(R"({"type":"webhook.failing"})");
  const DeliveryId id = Enqueue({notice, {}, /*is_notice=*/true});

  Dispatch();

  ASSERT_THAT(sender_.sent, SizeIs(1));
  EXPECT_EQ(sender_.sent.front().request.body, R"({"type":"webhook.failing"})");
  sender_.Answer(200);
  Settle();
  EXPECT_TRUE(store_.Outcomes(id.message).back().notice);
}

TEST_F(DispatcherTest, ReadsTheEventWhenItIsNotInMemory) {
  const DeliveryId id{webhook_, ids_.Next()};
  store_.Add(id, Content(), clock_.Now());
  scheduler_.NoteStored(webhook_, clock_.Now());
  QueueLoader loader(scheduler_, store_, clock_);
  loader.LoadOnce();

  Dispatch();

  ASSERT_THAT(sender_.sent, SizeIs(1));
  sender_.Answer(200);
  Settle();
  EXPECT_THAT(store_.Outcomes(id.message), SizeIs(1));
}

TEST_F(DispatcherTest, BeginsNothingWhileTheDatabaseIsAway) {
  Enqueue();
  webhooks_.FailWith(absl::UnavailableError("away"));
  EXPECT_TRUE(absl::IsUnavailable(dispatcher_.DispatchOnce(sender_)));
  EXPECT_THAT(sender_.sent, IsEmpty());

  webhooks_.FailWith(absl::OkStatus());
  Dispatch();

  ASSERT_THAT(sender_.sent, SizeIs(1));
  sender_.Answer(200);
  Settle();
}

TEST_F(DispatcherTest, BeginsNothingForAShardThatIsLostMeanwhile) {
  const DeliveryId id{webhook_, ids_.Next()};
  store_.Add(id, Content(), clock_.Now());
  scheduler_.NoteStored(webhook_, clock_.Now());
  QueueLoader loader(scheduler_, store_, clock_);
  loader.LoadOnce();
  store_.BeforeEach([&] { scheduler_.Lose(lease_); });  // while the event is read

  Dispatch();

  EXPECT_THAT(sender_.sent, IsEmpty());
  EXPECT_TRUE(scheduler_.WaitUntilSettled(absl::ZeroDuration()));
  EXPECT_TRUE(store_.Queued(id.message).has_value());
}

TEST_F(DispatcherTest, AResultThatComesAfterTheShardHasMovedIsNotWritten) {
  const DeliveryId id = Enqueue();
  Enqueue();
  Dispatch();
  store_.Fence(lease_);

  sender_.Answer(200);
  sender_.Answer(200);
  Settle();
  EXPECT_FALSE(scheduler_.Holds(lease_));
  EXPECT_THAT(store_.Outcomes(id.message), IsEmpty());
  EXPECT_TRUE(store_.Queued(id.message).has_value());
}

TEST_F(DispatcherTest, AnEventWithoutPayloadFailsLikeAnyAttempt) {
  const DeliveryId id = Enqueue({TakeSnapshot(entity::v1::Event()).bytes, {5, "Name"}});

  Dispatch();
  Settle();

  EXPECT_THAT(sender_.sent, IsEmpty());
  ASSERT_THAT(store_.Outcomes(id.message), SizeIs(1));
  EXPECT_EQ(store_.Outcomes(id.message)[0].state, DeliveryState::kPending);
  EXPECT_NE(store_.Outcomes(id.message)[0].attempt->exchange.result.error, "");
}

TEST_F(DispatcherTest, AnEventThatCannotBeReadHoldsUpNoOther) {
  const DeliveryId broken = Enqueue({std::make_shared<const std::string>("\xff"), {5, "Name"}});
  const DeliveryId whole = Enqueue();

  Dispatch();

  ExpectSent(whole);
  sender_.Answer(200);
  Settle();
  ASSERT_THAT(store_.Outcomes(broken.message), SizeIs(1));
  EXPECT_EQ(store_.Outcomes(broken.message)[0].state, DeliveryState::kCancelled);
}

TEST_F(DispatcherTest, AnOutcomeThatCannotBeStoredMeansAnotherAttempt) {
  const DeliveryId id = Enqueue();
  store_.RefuseOutcomesOf(id.message);
  Dispatch();
  sender_.Answer(200);
  Settle();
  QueueLoader loader(scheduler_, store_, clock_);

  clock_.Advance(absl::Minutes(1));
  loader.LoadOnce();
  Dispatch();

  ExpectSent(id);
  sender_.Answer(200);
  Settle();
}

}  // namespace
}  // namespace crier::delivery
