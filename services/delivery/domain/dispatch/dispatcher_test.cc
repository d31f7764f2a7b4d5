#include "services/delivery/domain/dispatch/dispatcher.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <random>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/fakes/fake_delivery_store.h"
#include "services/delivery/domain/fakes/fake_webhook_store.h"
#include "services/delivery/domain/payloads/samples.h"
#include "services/delivery/domain/queue/queue_loader.h"
#include "services/delivery/domain/queue/shard.h"

namespace crier::delivery {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// Keeps requests until the test answers them.
class FakeSender : public Sender {
 public:
  struct Sent {
    AttemptRequest request;
    int64_t connection_group;
    std::function<void(AttemptResult)> done;
  };

  void Send(AttemptRequest request, int64_t connection_group,
            std::function<void(AttemptResult)> done) override {
    sent.push_back({std::move(request), connection_group, std::move(done)});
  }

  // Answers the oldest request with the status.
  void Answer(int status) {
    AttemptResult result;
    result.outcome = status == 200 ? Outcome::kSucceeded : Outcome::kRefused;
    result.status = status;
    Sent first = std::move(sent.front());
    sent.pop_front();
    first.done(std::move(result));
  }

  std::deque<Sent> sent;
};

// The dispatcher without its thread: the test makes each round.
class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() {
    Webhook webhook;
    webhook.id.community = 123;
    webhook.url = "https://example.com/first";
    webhook.signing_keys = {{.number = 1, .key = "key"}};
    webhook_ = webhooks_.Create(webhook, "", absl::InfiniteFuture())->id;
    lease_ = {ShardOf(webhook_), 1};
    scheduler_.Gain(lease_);
  }

  DeliveryContent Content() { return {TakeSnapshot(SampleContactEvent()).bytes, {5, "Name"}}; }

  // A delivery in the queue and in memory, which was recovered after so many attempts.
  DeliveryId Enqueue(const DeliveryContent& content, int attempts_before = 0) {
    QueuedDelivery delivery;
    delivery.attempt_count = delivery.attempts_before = attempts_before;
    delivery.id = {webhook_, ids_.Next()};
    delivery.due_time = clock_.Now();
    delivery.content = content;
    store_.Add(delivery.id, content, delivery.due_time);
    EXPECT_TRUE(scheduler_.Expect(delivery));
    scheduler_.Offer(delivery);
    return delivery.id;
  }
  DeliveryId Enqueue() { return Enqueue(Content()); }

  void Dispatch() {
    const absl::Status status = dispatcher_.DispatchOnce(sender_);
    EXPECT_TRUE(status.ok()) << status;
  }

  void LoadQueue() { QueueLoader(scheduler_, store_, clock_).LoadOnce(); }

  // Waits until outcomes are stored.
  void Settle() { ASSERT_TRUE(scheduler_.WaitUntilSettled(absl::InfiniteDuration())); }

  // How many deliveries were counted as ended in the state.
  double Ended(DeliveryState state) { return EndedDeliveries(registry_, state).Value(); }

  void ChangeState(StateAction action) {
    ASSERT_TRUE(
        webhooks_.ChangeState(webhook_, "", action, clock_.Now(), absl::InfiniteFuture()).ok());
  }

  void Change(const std::function<void(Webhook&)>& change) {
    ASSERT_TRUE(webhooks_.Update(webhook_, "", change, absl::InfiniteFuture()).ok());
  }

  void SetUrl(const std::string& url) {
    Change([&](Webhook& webhook) { webhook.url = url; });
  }

  // Takes a delivery off the queue that stays in memory.
  void CancelInStore(const DeliveryId& id) {
    store_.Cancel(id.message);
    Change([&](Webhook& webhook) { webhook.cancelled_through = id.message; });
  }

  // What is on the wire must be this delivery alone.
  void ExpectSent(const DeliveryId& id) {
    ASSERT_THAT(sender_.sent, SizeIs(1));
    EXPECT_THAT(sender_.sent.front().request.headers,
                testing::Contains(Header{"webhook-id", id.message.ToString()}));
  }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  MessageIdGenerator ids_{clock_};
  metrics::Registry registry_;
  std::mt19937_64 random_{1};
  RetrySchedule schedule_{random_};
  FakeDeliveryStore store_;
  FakeWebhookStore webhooks_;
  WebhookId webhook_;
  lease::Lease lease_;
  ShardScheduler scheduler_{clock_, {.lane = {.pace = {.first = 10}}}};
  OutcomeWriter outcomes_{store_, clock_, registry_,
                          [this](const lease::Lease& lease) { return scheduler_.Holds(lease); }};
  Dispatcher dispatcher_{scheduler_, store_, webhooks_, outcomes_,
                         schedule_,  clock_, registry_, "https://app.example.com"};
  FakeSender sender_;
};

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

// They are read with the webhook, after the first deliveries of a webhook have been taken.
TEST_F(DispatcherTest, KeepsToLimitsFromTheFirstAttemptOn) {
  Change([](Webhook& webhook) { webhook.attempts_per_minute = 1; });
  std::vector<DeliveryId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(Enqueue());

  Dispatch();

  ExpectSent(ids[0]);
  sender_.Answer(200);
  Settle();
  clock_.Advance(absl::Seconds(59));
  Dispatch();
  EXPECT_THAT(sender_.sent, IsEmpty());
  clock_.Advance(absl::Seconds(2));
  Dispatch();
  ExpectSent(ids[1]);
  sender_.Answer(200);
  Settle();
}

TEST_F(DispatcherTest, NeverHasMoreOnTheWireThanTheWebhookAllows) {
  Change([](Webhook& webhook) { webhook.max_concurrency = 2; });
  for (int i = 0; i < 5; ++i) Enqueue();

  Dispatch();

  EXPECT_THAT(sender_.sent, SizeIs(2));
  while (!sender_.sent.empty()) {
    sender_.Answer(200);
    Dispatch();
    EXPECT_LE(sender_.sent.size(), 2);
  }
  Settle();
  EXPECT_EQ(scheduler_.size(), 0);
}

TEST_F(DispatcherTest, AHigherLimitHoldsAtOnce) {
  Change([](Webhook& webhook) { webhook.attempts_per_minute = 1; });
  for (int i = 0; i < 3; ++i) Enqueue();
  Dispatch();
  ASSERT_THAT(sender_.sent, SizeIs(1));
  Change([](Webhook& webhook) { webhook.attempts_per_minute = 0; });

  scheduler_.TryNow(webhook_);
  LoadQueue();
  Dispatch();

  EXPECT_THAT(sender_.sent, SizeIs(3));
  while (!sender_.sent.empty()) sender_.Answer(200);
  Settle();
}

TEST_F(DispatcherTest, ATryDoesNotBreakTheLimit) {
  Change([](Webhook& webhook) { webhook.attempts_per_minute = 1; });
  for (int i = 0; i < 3; ++i) Enqueue();
  Dispatch();
  ASSERT_THAT(sender_.sent, SizeIs(1));

  for (int i = 0; i < 3; ++i) {
    scheduler_.TryNow(webhook_);
    LoadQueue();
    Dispatch();
  }

  EXPECT_THAT(sender_.sent, SizeIs(1));
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

TEST_F(DispatcherTest, RetriesAfterTheDelayOfTheSchedule) {
  const DeliveryId id = Enqueue();
  Dispatch();
  clock_.Advance(absl::Seconds(2));  // the delay counts from the end of the attempt

  sender_.Answer(500);
  Settle();

  const std::optional<QueuedDelivery> queued = store_.Queued(id.message);
  ASSERT_TRUE(queued.has_value());
  EXPECT_EQ(queued->attempt_count, 1);
  EXPECT_GE(queued->due_time, clock_.Now() + absl::Seconds(4));
  EXPECT_LE(queued->due_time, clock_.Now() + absl::Seconds(6));
  Dispatch();
  EXPECT_THAT(sender_.sent, IsEmpty());
  clock_.Advance(absl::Seconds(6));
  Dispatch();
  ASSERT_THAT(sender_.sent, SizeIs(1));
  sender_.Answer(200);
  Settle();
  EXPECT_EQ(store_.Outcomes(id.message).back().attempt->number, 2);
}

TEST_F(DispatcherTest, ARecoveredDeliveryHasTheWholeScheduleAgain) {
  const DeliveryId id = Enqueue(Content(), RetrySchedule::kAttempts);
  Dispatch();

  sender_.Answer(500);
  Settle();

  const AttemptOutcome outcome = store_.Outcomes(id.message).back();
  EXPECT_EQ(outcome.attempt->number, RetrySchedule::kAttempts + 1);
  EXPECT_EQ(outcome.state, DeliveryState::kPending);
  EXPECT_LE(outcome.due_time, clock_.Now() + absl::Seconds(6));
}

TEST_F(DispatcherTest, EndsAfterTheLastAttempt) {
  QueueLoader loader(scheduler_, store_, clock_);
  const DeliveryId id = Enqueue();
  std::vector<absl::Duration> gaps;
  absl::Time last = clock_.Now();

  for (int attempt = 1; attempt <= RetrySchedule::kAttempts; ++attempt) {
    for (int step = 0; sender_.sent.empty() && step < 100'000; ++step) {
      for (int i = 0; i < 4; ++i) loader.LoadOnce();
      Dispatch();
      if (sender_.sent.empty()) clock_.Advance(absl::Seconds(10));
    }
    ASSERT_THAT(sender_.sent, SizeIs(1)) << attempt;
    gaps.push_back(clock_.Now() - last);
    last = clock_.Now();
    sender_.Answer(500);
    Settle();
  }

  EXPECT_FALSE(store_.Queued(id.message).has_value());
  const std::vector<AttemptOutcome> outcomes = store_.Outcomes(id.message);
  ASSERT_THAT(outcomes, SizeIs(RetrySchedule::kAttempts));
  EXPECT_EQ(outcomes.back().state, DeliveryState::kExhausted);
  EXPECT_GE(gaps.back(), absl::Hours(24) * 0.8);
  EXPECT_LE(gaps.back(), absl::Hours(24) * 1.2 + absl::Minutes(1));
}

// Though no notification tells of it, as when a recovery queued it.
TEST_F(DispatcherTest, WhatIsWantedAgainDuringItsLastAttemptIsSentAgainAndNotCountedAsExhausted) {
  Change([](Webhook& webhook) { webhook.retry_policy.max_attempts = 1; });
  const DeliveryId id = Enqueue();
  Dispatch();
  store_.WantAgain(id.message, clock_.Now());

  sender_.Answer(500);
  Settle();
  LoadQueue();
  Dispatch();

  ExpectSent(id);
  EXPECT_EQ(Ended(DeliveryState::kExhausted), 0);
}

// Whoever cancelled it has counted it.
TEST_F(DispatcherTest, WhatIsCancelledDuringItsLastAttemptIsNotCountedOnceMore) {
  Change([](Webhook& webhook) { webhook.retry_policy.max_attempts = 1; });
  const DeliveryId failed = Enqueue();
  const DeliveryId accepted = Enqueue();
  Dispatch();
  store_.Cancel(failed.message);
  store_.Cancel(accepted.message);

  sender_.Answer(500);
  sender_.Answer(200);
  Settle();

  for (const DeliveryState state :
       {DeliveryState::kSucceeded, DeliveryState::kExhausted, DeliveryState::kCancelled}) {
    EXPECT_EQ(Ended(state), 0) << StateName(state);
  }
}

TEST_F(DispatcherTest, AnAttemptUsesTheWebhookAsItIsWhenTheAttemptBegins) {
  Enqueue();
  SetUrl("https://example.com/second");
  Dispatch();
  EXPECT_EQ(sender_.sent.front().request.url, "https://example.com/second");
  sender_.Answer(500);
  Settle();

  SetUrl("https://example.com/third");
  clock_.Advance(absl::Seconds(6));
  Dispatch();
  EXPECT_EQ(sender_.sent.front().request.url, "https://example.com/third");
  sender_.Answer(200);
  Settle();
}

TEST_F(DispatcherTest, CancelsWhatBelongsToADeletedWebhook) {
  const DeliveryId id = Enqueue();
  ASSERT_TRUE(webhooks_.Delete(webhook_, "", absl::InfiniteFuture()).ok());

  Dispatch();
  Settle();

  EXPECT_THAT(sender_.sent, IsEmpty());
  EXPECT_FALSE(store_.Queued(id.message).has_value());
  ASSERT_THAT(store_.Outcomes(id.message), SizeIs(1));
  EXPECT_EQ(store_.Outcomes(id.message)[0].state, DeliveryState::kCancelled);
  EXPECT_FALSE(store_.Outcomes(id.message)[0].attempt.has_value());
  EXPECT_EQ(Ended(DeliveryState::kCancelled), 1);
}

TEST_F(DispatcherTest, WhatTheDeletionOfItsWebhookCancelledIsNotCountedOnceMore) {
  const DeliveryId id = Enqueue();
  ASSERT_TRUE(webhooks_.Delete(webhook_, "", absl::InfiniteFuture()).ok());
  store_.Cancel(id.message);

  Dispatch();
  Settle();

  EXPECT_EQ(Ended(DeliveryState::kCancelled), 0);
}

TEST_F(DispatcherTest, HoldsWhatBelongsToAPausedWebhookUntilItIsResumed) {
  Enqueue();
  const DeliveryId last = Enqueue();
  ChangeState(StateAction::kPause);

  Dispatch();

  EXPECT_THAT(sender_.sent, IsEmpty());
  EXPECT_EQ(scheduler_.size(), 0);
  EXPECT_TRUE(store_.Queued(last.message).has_value());
  ChangeState(StateAction::kResume);
  scheduler_.NoteStored(webhook_, clock_.Now());
  LoadQueue();
  Dispatch();
  EXPECT_THAT(sender_.sent, SizeIs(2));
  sender_.Answer(200);
  sender_.Answer(200);
  Settle();
}

TEST_F(DispatcherTest, AResumptionThatOvertakesTheLookAtThePausedWebhookIsNotLost) {
  Enqueue();
  const std::vector<Claim> claims = scheduler_.TakeReady(1);  // then the webhook is read as paused

  scheduler_.NoteStored(webhook_, clock_.Now());  // and resumed
  scheduler_.Held(claims.front());

  LoadQueue();
  Dispatch();
  ASSERT_THAT(sender_.sent, SizeIs(1));
  sender_.Answer(200);
  Settle();
}

TEST_F(DispatcherTest, AnOutcomeSaysWhatTheAttemptShowedOfTheWebhook) {
  const DeliveryId id = Enqueue();
  Change([](Webhook&) {});
  Dispatch();
  clock_.Advance(absl::Seconds(2));
  sender_.Answer(410);
  Settle();

  const AttemptOutcome outcome = store_.Outcomes(id.message).back();
  ASSERT_TRUE(outcome.finding.has_value());
  EXPECT_EQ(outcome.finding->kind, Finding::Kind::kGone);
  EXPECT_EQ(outcome.finding->webhook_version, 2);
  EXPECT_EQ(outcome.finding->time, clock_.Now());
  EXPECT_EQ(outcome.state, DeliveryState::kPending);  // kept, for when it is enabled again
}

TEST_F(DispatcherTest, FirstAttemptsThatFailInARowAreAFinding) {
  std::vector<DeliveryId> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(Enqueue());

  Dispatch();
  while (!sender_.sent.empty()) sender_.Answer(500);
  Settle();

  const auto findings = std::count_if(ids.begin(), ids.end(), [this](const DeliveryId& id) {
    return store_.Outcomes(id.message).back().finding.has_value();
  });
  EXPECT_EQ(findings, 6);  // from the fifth on, which opened the circuit
}

TEST_F(DispatcherTest, ASuccessIsAFindingOnlyAfterFailures) {
  const DeliveryId first = Enqueue();
  Dispatch();
  sender_.Answer(200);
  Settle();
  Change([](Webhook& webhook) { webhook.failing.emplace(); });
  const DeliveryId second = Enqueue();
  Dispatch();
  sender_.Answer(200);
  Settle();

  EXPECT_FALSE(store_.Outcomes(first.message).back().finding.has_value());
  EXPECT_TRUE(store_.Outcomes(second.message).back().finding.has_value());
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
