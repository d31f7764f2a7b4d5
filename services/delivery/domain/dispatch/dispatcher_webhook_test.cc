// The webhook that an attempt is for: as it is, when it changes, and what the attempt shows of it.
#include <algorithm>
#include <vector>

#include "services/delivery/domain/dispatch/dispatcher_test.h"

namespace crier::delivery {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

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

TEST_F(DispatcherTest, NothingBeginsWhileAWebhookThatIsGoneIsBeingDisabled) {
  Change([](Webhook& webhook) { webhook.max_concurrency = 1; });
  Enqueue();
  Enqueue();
  Dispatch();
  ASSERT_THAT(sender_.sent, SizeIs(1));

  sender_.Answer(410);  // and its outcome is not stored yet
  Dispatch();

  ASSERT_THAT(sender_.sent, IsEmpty());
  Settle();
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

}  // namespace
}  // namespace crier::delivery
