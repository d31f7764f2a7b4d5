#include "services/delivery/domain/shard_scheduler.h"

#include <algorithm>
#include <map>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kAll = 1'000'000;

class ShardSchedulerTest : public testing::Test {
 protected:
  // The scheduler with a lease of the shard of every webhook used.
  ShardScheduler& Make(SchedulerOptions options = {}) {
    // What a receiver has to prove is the affair of Pace.
    if (options.lane.pace.first < options.lane.pace.usual) options.lane.pace.first = 10;
    scheduler_ = std::make_unique<ShardScheduler>(clock_, options);
    for (int32_t shard = 0; shard < kShardCount; ++shard) scheduler_->Gain({shard, 1});
    FinishSearches();
    return *scheduler_;
  }

  // Answers all searches with nothing found.
  void FinishSearches() {
    for (auto loads = scheduler_->TakeLoads(); !loads.searches.empty();
         loads = scheduler_->TakeLoads()) {
      for (const lease::Lease& lease : loads.searches) scheduler_->Searched(lease, {});
    }
  }

  QueuedDelivery NewDelivery(const WebhookId& webhook) {
    QueuedDelivery delivery;
    delivery.id = {webhook, ids_.Next()};
    delivery.due_time = clock_.Now();
    return delivery;
  }

  QueuedDelivery NewDelivery(const WebhookId& webhook, absl::Duration due_in) {
    QueuedDelivery delivery = NewDelivery(webhook);
    delivery.due_time += due_in;
    return delivery;
  }

  QueuedDelivery Enqueue(const WebhookId& webhook) {
    QueuedDelivery delivery = NewDelivery(webhook);
    EXPECT_TRUE(scheduler_->Expect(delivery));
    scheduler_->Offer(delivery);
    return delivery;
  }

  void Finish(const Claim& claim) {
    Reply(claim);
    scheduler_->Settled(claim);
  }

  void Reply(const Claim& claim) { scheduler_->Answered(claim, Answer{}); }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  MessageIdGenerator ids_{clock_};
  std::unique_ptr<ShardScheduler> scheduler_;
  const WebhookId a_{1, 1};
  const WebhookId b_{1, 2};
};

std::vector<MessageId> Messages(const std::vector<Claim>& claims) {
  std::vector<MessageId> messages;
  for (const Claim& claim : claims) messages.push_back(claim.delivery.id.message);
  return messages;
}

// --- fairness and limits ---

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

// --- time ---

TEST_F(ShardSchedulerTest, AClockThatStepsBackOnlyDelays) {
  ShardScheduler& scheduler = Make();
  const QueuedDelivery delivery = Enqueue(a_);
  clock_.Step(-absl::Hours(1));
  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());

  clock_.Advance(absl::Hours(1));

  EXPECT_THAT(Messages(scheduler.TakeReady(kAll)), ElementsAre(delivery.id.message));
}

TEST_F(ShardSchedulerTest, ARetryInTheNearFutureStaysInMemory) {
  ShardScheduler& scheduler = Make();
  Enqueue(a_);
  const Claim claim = scheduler.TakeReady(kAll).front();
  Reply(claim);

  scheduler.Requeued(claim, clock_.Now() + absl::Seconds(5));

  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());
  clock_.Advance(absl::Seconds(5));
  const std::vector<Claim> again = scheduler.TakeReady(kAll);
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again.front().delivery.attempt_count, 1);
}

TEST_F(ShardSchedulerTest, ARetryInTheFarFutureLeavesMemoryAndIsFoundBySearching) {
  ShardScheduler& scheduler = Make();
  Enqueue(a_);
  const Claim claim = scheduler.TakeReady(kAll).front();
  Reply(claim);

  const absl::Time due_time = clock_.Now() + absl::Minutes(5);
  scheduler.Requeued(claim, due_time);

  EXPECT_EQ(scheduler.size(), 0);
  clock_.Advance(absl::Minutes(5));
  const ShardScheduler::Loads loads = scheduler.TakeLoads();
  EXPECT_THAT(loads.searches, testing::Not(IsEmpty()));
  EXPECT_GT(loads.search_before, due_time);
}

TEST_F(ShardSchedulerTest, LooksAWebhookUpJustBeforeItsDeliveriesAreDue) {
  ShardScheduler& scheduler = Make();
  scheduler.NoteStored(a_, clock_.Now() + absl::Seconds(12));
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(scheduler.TakeLoads().fetches, IsEmpty());

  clock_.Advance(absl::Seconds(1));
  const ShardScheduler::Loads loads = scheduler.TakeLoads();
  ASSERT_THAT(loads.fetches, SizeIs(1));
  EXPECT_EQ(loads.fetches.front().webhook, a_);
  const QueuedDelivery row = NewDelivery(a_, absl::Seconds(1));
  scheduler.Fetched(loads.fetches.front(), {row}, loads.fetch_before, loads.fetch_limit);

  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Messages(scheduler.TakeReady(kAll)), ElementsAre(row.id.message));
}

TEST_F(ShardSchedulerTest, DeliveriesAfterTheNearFutureAreLeftForLater) {
  ShardScheduler& scheduler = Make();
  scheduler.NoteStored(a_, clock_.Now());
  const ShardScheduler::Loads loads = scheduler.TakeLoads();

  const QueuedDelivery near = NewDelivery(a_);
  const QueuedDelivery far = NewDelivery(a_, absl::Seconds(30));
  scheduler.Fetched(loads.fetches.front(), {near, far}, loads.fetch_before, loads.fetch_limit);

  EXPECT_EQ(scheduler.size(), 1);
  EXPECT_THAT(scheduler.TakeLoads().fetches, IsEmpty());
  clock_.Advance(absl::Seconds(30));
  EXPECT_THAT(scheduler.TakeLoads().fetches, SizeIs(1));
}

// --- what is stored and what is known ---

TEST_F(ShardSchedulerTest, MemoryOfAWebhookIsBoundedAndTheRestIsLoadedLater) {
  SchedulerOptions options;
  options.lane.capacity = 4;
  options.lane.pace.first = options.lane.pace.usual = 100;
  ShardScheduler& scheduler = Make(options);
  std::vector<QueuedDelivery> stored;
  int expected = 0;
  for (int i = 0; i < 20; ++i) {
    stored.push_back(NewDelivery(a_));
    if (scheduler.Expect(stored.back())) {
      ++expected;
      scheduler.Offer(stored.back());
    } else {
      scheduler.NoteStored(a_, stored.back().due_time);
    }
  }
  EXPECT_EQ(expected, 4);
  EXPECT_EQ(scheduler.size(), 4);

  // Drains everything, with the table as the database would show it.
  std::vector<MessageId> sent;
  for (int round = 0; round < 100 && sent.size() < 20; ++round) {
    const ShardScheduler::Loads loads = scheduler.TakeLoads();
    for (const ShardScheduler::Fetch& fetch : loads.fetches) {
      const size_t rows = std::min(stored.size(), static_cast<size_t>(loads.fetch_limit) + 1);
      scheduler.Fetched(fetch, {stored.begin(), stored.begin() + static_cast<long>(rows)},
                        loads.fetch_before, loads.fetch_limit);
    }
    EXPECT_LE(scheduler.size(), 2 * options.lane.capacity);
    for (const Claim& claim : scheduler.TakeReady(kAll)) {
      sent.push_back(claim.delivery.id.message);
      Reply(claim);
      stored.erase(std::find_if(stored.begin(), stored.end(), [&](const QueuedDelivery& row) {
        return row.id == claim.delivery.id;
      }));
      scheduler.Settled(claim);
    }
  }

  EXPECT_THAT(sent, SizeIs(20));
  EXPECT_TRUE(std::is_sorted(sent.begin(), sent.end()));
  EXPECT_EQ(scheduler.size(), 0);
}

TEST_F(ShardSchedulerTest, WebhooksOfAShardAreBounded) {
  SchedulerOptions options;
  options.shard_capacity = 1;
  ShardScheduler& scheduler = Make(options);
  WebhookId other = b_;
  while (ShardOf(other) != ShardOf(a_)) ++other.id;
  const QueuedDelivery first = Enqueue(a_);

  EXPECT_FALSE(scheduler.Expect(NewDelivery(other)));
  scheduler.NoteStored(other, clock_.Now());

  EXPECT_THAT(scheduler.TakeLoads().fetches, IsEmpty());
  EXPECT_THAT(Messages(scheduler.TakeReady(kAll)), ElementsAre(first.id.message));
}

TEST_F(ShardSchedulerTest, WhatIsInMemoryIsNotTakenAgainWhenTheDatabaseShowsIt) {
  ShardScheduler& scheduler = Make();
  const QueuedDelivery waiting = Enqueue(a_);
  const QueuedDelivery in_flight = Enqueue(b_);
  ASSERT_THAT(scheduler.TakeReady(kAll), SizeIs(2));
  const QueuedDelivery expected = NewDelivery(a_);
  ASSERT_TRUE(scheduler.Expect(expected));
  scheduler.NoteStored(a_, clock_.Now());
  scheduler.NoteStored(b_, clock_.Now());

  const ShardScheduler::Loads loads = scheduler.TakeLoads();
  ASSERT_THAT(loads.fetches, SizeIs(2));
  for (const ShardScheduler::Fetch& fetch : loads.fetches) {
    if (fetch.webhook == a_)
      scheduler.Fetched(fetch, {waiting, expected}, loads.fetch_before, loads.fetch_limit);
    if (fetch.webhook == b_)
      scheduler.Fetched(fetch, {in_flight}, loads.fetch_before, loads.fetch_limit);
  }

  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());
  scheduler.Offer(expected);
  EXPECT_THAT(Messages(scheduler.TakeReady(kAll)), ElementsAre(expected.id.message));
}

TEST_F(ShardSchedulerTest, WhatIsSettledDuringAFetchIsNotTakenAgain) {
  ShardScheduler& scheduler = Make();
  const QueuedDelivery delivery = Enqueue(a_);
  const Claim claim = scheduler.TakeReady(kAll).front();
  scheduler.NoteStored(a_, clock_.Now());
  const ShardScheduler::Loads loads = scheduler.TakeLoads();  // the statement has seen the row

  Finish(claim);
  scheduler.Fetched(loads.fetches.front(), {delivery}, loads.fetch_before, loads.fetch_limit);

  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());
  EXPECT_EQ(scheduler.size(), 0);
}

TEST_F(ShardSchedulerTest, WhatIsNotedDuringAFetchIsFetchedAfterIt) {
  ShardScheduler& scheduler = Make();
  scheduler.NoteStored(a_, clock_.Now());
  const ShardScheduler::Loads loads = scheduler.TakeLoads();

  scheduler.NoteStored(a_, clock_.Now());  // another replica has stored one more since
  EXPECT_THAT(scheduler.TakeLoads().fetches, IsEmpty());
  scheduler.Fetched(loads.fetches.front(), {}, loads.fetch_before, loads.fetch_limit);

  EXPECT_THAT(scheduler.TakeLoads().fetches, SizeIs(1));
}

TEST_F(ShardSchedulerTest, AnEnqueueOfUnknownEndIsLookedUp) {
  ShardScheduler& scheduler = Make();
  const QueuedDelivery delivery = NewDelivery(a_);
  ASSERT_TRUE(scheduler.Expect(delivery));

  scheduler.ForgetExpected(delivery);

  const ShardScheduler::Loads loads = scheduler.TakeLoads();
  ASSERT_THAT(loads.fetches, SizeIs(1));
  scheduler.Fetched(loads.fetches.front(), {delivery}, loads.fetch_before, loads.fetch_limit);
  EXPECT_THAT(Messages(scheduler.TakeReady(kAll)), ElementsAre(delivery.id.message));
}

TEST_F(ShardSchedulerTest, AnOutcomeThatCannotBeStoredIsLookedUp) {
  ShardScheduler& scheduler = Make();
  Enqueue(a_);
  const Claim claim = scheduler.TakeReady(kAll).front();
  Reply(claim);

  scheduler.Forgotten(claim, clock_.Now() + absl::Seconds(30));

  clock_.Advance(absl::Seconds(30));
  EXPECT_THAT(scheduler.TakeLoads().fetches, SizeIs(1));
}

TEST_F(ShardSchedulerTest, AFailedFetchIsRepeated) {
  ShardScheduler& scheduler = Make();
  scheduler.NoteStored(a_, clock_.Now());
  const ShardScheduler::Loads loads = scheduler.TakeLoads();

  scheduler.FetchFailed(loads.fetches.front());

  EXPECT_THAT(scheduler.TakeLoads().fetches, IsEmpty());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(scheduler.TakeLoads().fetches, SizeIs(1));
}

TEST_F(ShardSchedulerTest, AFailedSearchIsRepeated) {
  ShardScheduler scheduler(clock_, {});
  scheduler.Gain({3, 1});
  ASSERT_THAT(scheduler.TakeLoads().searches, SizeIs(1));

  scheduler.SearchFailed({3, 1});

  EXPECT_THAT(scheduler.TakeLoads().searches, IsEmpty());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(scheduler.TakeLoads().searches, SizeIs(1));
}

TEST_F(ShardSchedulerTest, EveryShardIsSearchedAgainWithinTheInterval) {
  ShardScheduler& scheduler = Make();
  clock_.Advance(SchedulerOptions().reload_interval);
  std::map<int32_t, int> searches;

  for (auto loads = scheduler.TakeLoads(); !loads.searches.empty(); loads = scheduler.TakeLoads()) {
    for (const lease::Lease& lease : loads.searches) {
      ++searches[lease.slot];
      scheduler.Searched(lease, {});
    }
  }

  EXPECT_THAT(searches, SizeIs(kShardCount));
}

TEST_F(ShardSchedulerTest, AGapInTheNotificationsMakesItSearchEverything) {
  ShardScheduler& scheduler = Make();
  ASSERT_THAT(scheduler.TakeLoads().searches, IsEmpty());

  scheduler.SearchAll();

  EXPECT_THAT(scheduler.TakeLoads().searches, testing::Not(IsEmpty()));
}

// --- leases ---

TEST_F(ShardSchedulerTest, ALostShardIsForgotten) {
  ShardScheduler& scheduler = Make();
  Enqueue(a_);
  Enqueue(a_);
  Enqueue(b_);
  ASSERT_NE(ShardOf(a_), ShardOf(b_));
  const Claim claim = scheduler.TakeReady(1).front();
  const lease::Lease lease = claim.lease;

  scheduler.Lose(lease);

  EXPECT_FALSE(scheduler.Holds(lease));
  EXPECT_EQ(scheduler.size(), lease.slot == ShardOf(a_) ? 1 : 2);
  for (const Claim& other : scheduler.TakeReady(kAll)) EXPECT_NE(other.lease.slot, lease.slot);
  Finish(claim);  // only frees its place
}

TEST_F(ShardSchedulerTest, AClaimOfALostLeaseDoesNotTouchTheNextOne) {
  SchedulerOptions options;
  options.lane.pace = {.first = 1, .usual = 1, .most = 1};
  ShardScheduler& scheduler = Make(options);
  Enqueue(a_);
  const Claim old = scheduler.TakeReady(kAll).front();
  scheduler.Lose(old.lease);
  scheduler.Gain({old.lease.slot, 2});
  Enqueue(a_);
  const QueuedDelivery second = Enqueue(a_);
  ASSERT_THAT(scheduler.TakeReady(kAll), SizeIs(1));

  Reply(old);
  scheduler.Requeued(old, clock_.Now());

  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());  // the new lane's only place is taken
  EXPECT_EQ(scheduler.size(), 2);
}

TEST_F(ShardSchedulerTest, WhatWasExpectedUnderALostLeaseIsLookedUp) {
  ShardScheduler& scheduler = Make();
  const QueuedDelivery delivery = NewDelivery(a_);
  ASSERT_TRUE(scheduler.Expect(delivery));
  scheduler.Lose({ShardOf(a_), 1});
  scheduler.Gain({ShardOf(a_), 2});

  scheduler.Offer(delivery);

  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());
  const ShardScheduler::Loads loads = scheduler.TakeLoads();
  ASSERT_THAT(loads.fetches, SizeIs(1));
  EXPECT_EQ(loads.fetches.front().webhook, a_);
}

TEST_F(ShardSchedulerTest, NothingIsHeldOfShardsThatAreNotHeld) {
  ShardScheduler scheduler(clock_, {});

  EXPECT_FALSE(scheduler.Expect(NewDelivery(a_)));
  scheduler.NoteStored(a_, clock_.Now());

  EXPECT_TRUE(scheduler.TakeLoads().empty());
  EXPECT_EQ(scheduler.size(), 0);
}

TEST_F(ShardSchedulerTest, SettlingTheLastClaimEndsTheWait) {
  ShardScheduler& scheduler = Make();
  Enqueue(a_);
  const Claim claim = scheduler.TakeReady(kAll).front();
  EXPECT_FALSE(scheduler.WaitUntilSettled(absl::ZeroDuration()));

  Finish(claim);

  EXPECT_TRUE(scheduler.WaitUntilSettled(absl::ZeroDuration()));
}

}  // namespace
}  // namespace crier::delivery
