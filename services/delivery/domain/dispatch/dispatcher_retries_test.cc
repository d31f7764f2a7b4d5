// What comes after an attempt that fails: the next, or the end.
#include <vector>

#include "services/delivery/domain/dispatch/dispatcher_test.h"

namespace crier::delivery {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

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

}  // namespace
}  // namespace crier::delivery
