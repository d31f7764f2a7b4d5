// Who is sent to when not everybody can be: turns, limits and places on the wire.
#include <algorithm>

#include "services/delivery/domain/queue/shard_scheduler_test.h"

namespace crier::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kAll = 1'000'000;

TEST_F(ShardSchedulerTest, TakesFreshDeliveriesInTheirOrder) {
  ShardScheduler& scheduler = Make();
  const QueuedDelivery first = Enqueue(a_);
  const QueuedDelivery second = Enqueue(a_);

  const std::vector<Claim> claims = scheduler.TakeReady(kAll);

  EXPECT_THAT(Messages(claims), ElementsAre(first.id.message, second.id.message));
  EXPECT_EQ(claims[0].lease, (lease::Lease{ShardOf(a_), 1}));
  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());
}

TEST_F(ShardSchedulerTest, WebhooksTakeTurns) {
  ShardScheduler& scheduler = Make();
  for (int i = 0; i < 5; ++i) Enqueue(a_);
  for (int i = 0; i < 5; ++i) Enqueue(b_);

  const std::vector<Claim> claims = scheduler.TakeReady(6);

  const auto of_a = std::count_if(claims.begin(), claims.end(), [this](const Claim& claim) {
    return claim.delivery.id.webhook == a_;
  });
  EXPECT_EQ(of_a, 3);
}

TEST_F(ShardSchedulerTest, AReceiverThatNeverAnswersHoldsUpNobodyElse) {
  ShardScheduler& scheduler = Make();
  for (int i = 0; i < 200; ++i) Enqueue(a_);
  const std::vector<Claim> stuck = scheduler.TakeReady(kAll);
  EXPECT_THAT(stuck, SizeIs(PaceOptions().usual));

  for (int i = 0; i < 500; ++i) {
    const QueuedDelivery delivery = Enqueue(b_);
    const std::vector<Claim> claims = scheduler.TakeReady(kAll);
    ASSERT_THAT(Messages(claims), ElementsAre(delivery.id.message));
    Finish(claims.front());
  }
}

TEST_F(ShardSchedulerTest, AnAnswerFreesAPlaceOfItsWebhook) {
  SchedulerOptions options;
  options.lane.pace = {.first = 1, .usual = 1, .most = 1};
  ShardScheduler& scheduler = Make(options);
  Enqueue(a_);
  const QueuedDelivery second = Enqueue(a_);
  const std::vector<Claim> first = scheduler.TakeReady(kAll);
  ASSERT_THAT(first, SizeIs(1));

  Reply(first.front());

  EXPECT_THAT(Messages(scheduler.TakeReady(kAll)), ElementsAre(second.id.message));
}

TEST_F(ShardSchedulerTest, BoundsWhatIsOnTheWireInAll) {
  SchedulerOptions options;
  options.max_in_flight = options.max_suspect = 3;
  ShardScheduler& scheduler = Make(options);
  for (int i = 0; i < 5; ++i) Enqueue({1, i + 1});

  const std::vector<Claim> claims = scheduler.TakeReady(kAll);
  EXPECT_THAT(claims, SizeIs(3));

  Finish(claims.front());
  EXPECT_THAT(scheduler.TakeReady(kAll), SizeIs(1));
}

TEST_F(ShardSchedulerTest, BeginsNothingWhileTooManyOutcomesAreNotStored) {
  SchedulerOptions options;
  options.max_unsettled = 2;
  ShardScheduler& scheduler = Make(options);
  for (int i = 0; i < 3; ++i) Enqueue(a_);
  const std::vector<Claim> claims = scheduler.TakeReady(kAll);
  ASSERT_THAT(claims, SizeIs(2));
  Reply(claims[0]);
  Reply(claims[1]);
  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());

  scheduler.Settled(claims[0]);

  EXPECT_THAT(scheduler.TakeReady(kAll), SizeIs(1));
}

TEST_F(ShardSchedulerTest, WhatIsPutBackIsTakenAgain) {
  ShardScheduler& scheduler = Make();
  const QueuedDelivery delivery = Enqueue(a_);
  std::vector<Claim> claims = scheduler.TakeReady(kAll);

  scheduler.PutBack(std::move(claims.front()));

  EXPECT_THAT(Messages(scheduler.TakeReady(kAll)), ElementsAre(delivery.id.message));
}

TEST_F(ShardSchedulerTest, CommunitiesTakeTurnsHoweverManyWebhooksTheyHave) {
  ShardScheduler& scheduler = Make();
  for (int i = 0; i < 9; ++i) Enqueue({1, i + 1});
  for (int i = 0; i < 9; ++i) Enqueue({2, 1});

  const std::vector<Claim> claims = scheduler.TakeReady(6);

  const auto of_two = std::count_if(claims.begin(), claims.end(), [](const Claim& claim) {
    return claim.delivery.id.webhook.community == 2;
  });
  EXPECT_EQ(of_two, 3);
}

TEST_F(ShardSchedulerTest, ReceiversThatNeverAnswerTakeNoPlaceFromThoseThatDo) {
  SchedulerOptions options;
  options.max_in_flight = 2;
  options.max_suspect = 5;
  ShardScheduler& scheduler = Make(options);
  const WebhookId good{2, 1};
  Enqueue(good);
  Finish(scheduler.TakeReady(kAll).front());
  for (int i = 0; i < 50; ++i) Enqueue({1, i + 1});
  EXPECT_THAT(scheduler.TakeReady(kAll), SizeIs(5));  // none of these will be answered

  Enqueue(good);
  Enqueue(good);
  Enqueue(good);

  EXPECT_THAT(scheduler.TakeReady(kAll), SizeIs(2));
}

TEST_F(ShardSchedulerTest, AReceiverThatFallsSilentGivesItsPlacesBack) {
  SchedulerOptions options;
  options.max_in_flight = 2;
  ShardScheduler& scheduler = Make(options);
  for (const WebhookId& webhook : {a_, b_}) {
    Enqueue(webhook);
    Finish(scheduler.TakeReady(kAll).front());
  }
  for (int i = 0; i < 5; ++i) Enqueue(a_);
  const std::vector<Claim> silent = scheduler.TakeReady(kAll);
  EXPECT_THAT(silent, SizeIs(2));
  const QueuedDelivery of_b = Enqueue(b_);
  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());

  clock_.Advance(absl::Seconds(1));

  std::vector<MessageId> taken = Messages(scheduler.TakeReady(kAll));
  EXPECT_THAT(taken, testing::Contains(of_b.id.message));
}

TEST_F(ShardSchedulerTest, FirstAttemptsGoBeforeRetriesWherePlacesAreScarce) {
  SchedulerOptions options;
  options.max_suspect = 8;
  ShardScheduler& scheduler = Make(options);
  for (int i = 0; i < 50; ++i) {
    QueuedDelivery retry = NewDelivery({1, i + 1});
    retry.attempt_count = 1;
    ASSERT_TRUE(scheduler.Expect(retry));
    scheduler.Offer(retry);
  }
  for (int i = 0; i < 50; ++i) Enqueue({1, i + 101});

  const std::vector<Claim> claims = scheduler.TakeReady(kAll);

  const auto retries = std::count_if(claims.begin(), claims.end(), [](const Claim& claim) {
    return claim.delivery.attempt_count > 0;
  });
  EXPECT_THAT(claims, SizeIs(8));
  EXPECT_EQ(retries, 2);  // a share, so that they do not starve
}

TEST_F(ShardSchedulerTest, KeepsToTheLimitsOfAWebhook) {
  ShardScheduler& scheduler = Make();
  for (int i = 0; i < 10; ++i) Enqueue(a_);
  scheduler.SetLimits(a_, /*max_concurrency=*/3, /*attempts_per_minute=*/0);

  EXPECT_THAT(scheduler.TakeReady(kAll), SizeIs(3));

  for (int i = 0; i < 10; ++i) Enqueue(b_);
  scheduler.SetLimits(b_, 0, /*attempts_per_minute=*/60);
  EXPECT_THAT(scheduler.TakeReady(kAll), SizeIs(1));
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(scheduler.TakeReady(kAll), SizeIs(1));
}

TEST_F(ShardSchedulerTest, AnOpenCircuitIsNotHeldOpenByAClockThatStepsBack) {
  SchedulerOptions options;
  ShardScheduler& scheduler = Make(options);
  Enqueue(a_);
  Enqueue(a_);
  const std::vector<Claim> claims = scheduler.TakeReady(1);
  scheduler.Answered(claims.front(), {.kind = Answer::Kind::kTimedOut, .took = absl::Seconds(15)});
  scheduler.Settled(claims.front());
  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());

  clock_.Step(-absl::Hours(1));
  clock_.Advance(absl::Seconds(15));
  clock_.Step(absl::Hours(1));

  EXPECT_THAT(scheduler.TakeReady(kAll), SizeIs(1));
}

TEST_F(ShardSchedulerTest, FailuresFromBeforeAChangeAreNotHeldAgainstTheReceiver) {
  ShardScheduler& scheduler = Make();
  for (int i = 0; i < 10; ++i) Enqueue(a_);
  const std::vector<Claim> before = scheduler.TakeReady(kAll);

  scheduler.TryNow(a_);
  for (const Claim& claim : before) {
    const Answer answer = {Answer::Kind::kTimedOut, absl::Seconds(15), std::nullopt};
    EXPECT_EQ(scheduler.Answered(claim, answer), Circuit::kClosed);
    scheduler.Requeued(claim, clock_.Now() + absl::Minutes(1));
  }

  const auto loads = scheduler.TakeLoads();
  ASSERT_THAT(loads.fetches, SizeIs(1));
  scheduler.Fetched(loads.fetches[0], {NewDelivery(a_), NewDelivery(a_)}, loads.fetch_before, 2);
  EXPECT_THAT(scheduler.TakeReady(kAll), SizeIs(2));
}

TEST_F(ShardSchedulerTest, MemoryInAllIsBoundedByGivingEachWebhookLess) {
  SchedulerOptions options;
  options.capacity = 10;
  options.lane.capacity = 16;
  ShardScheduler& scheduler = Make(options);
  for (int i = 0; i < 10; ++i) Enqueue(a_);

  EXPECT_TRUE(scheduler.Expect(NewDelivery(b_)));
  EXPECT_TRUE(scheduler.Expect(NewDelivery(b_)));
  EXPECT_FALSE(scheduler.Expect(NewDelivery(b_)));
}

TEST_F(ShardSchedulerTest, ChangesOfCircuitsAreCounted) {
  ShardScheduler& scheduler = Make();
  const auto fail = [&] {
    Enqueue(a_);
    const Claim claim = scheduler.TakeReady(1).front();
    scheduler.Answered(claim, Answer{.kind = Answer::Kind::kBroken});
    scheduler.Settled(claim);
  };
  for (int i = 0; i < 5; ++i) fail();
  clock_.Advance(absl::Seconds(5));
  fail();
  clock_.Advance(absl::Seconds(10));
  Enqueue(a_);
  Finish(scheduler.TakeReady(1).front());

  // Closed once, open and half open twice.
  EXPECT_THAT(scheduler.circuit_changes(), ElementsAre(1, 2, 2));
}

}  // namespace
}  // namespace crier::delivery
