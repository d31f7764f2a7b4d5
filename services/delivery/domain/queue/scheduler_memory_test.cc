// What is in memory, and what is looked up.
#include <algorithm>
#include <map>

#include "services/delivery/domain/queue/shard_scheduler_test.h"

namespace crier::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kAll = 1'000'000;

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

TEST_F(ShardSchedulerTest, AFetchReachesBeyondWhatIsInMemory) {
  SchedulerOptions options;
  options.lane.capacity = 4;
  ShardScheduler& scheduler = Make(options);
  for (int i = 0; i < 4; ++i) Enqueue(a_);
  ASSERT_THAT(scheduler.TakeReady(kAll), SizeIs(4));  // which the database will show, too
  scheduler.NoteStored(a_, clock_.Now());

  EXPECT_EQ(scheduler.TakeLoads().fetch_limit, 8);
}

TEST_F(ShardSchedulerTest, RetriesStayInMemoryWhileThereIsRoom) {
  SchedulerOptions options;
  options.lane.capacity = 4;
  ShardScheduler& scheduler = Make(options);
  for (int i = 0; i < 4; ++i) Enqueue(a_);
  for (const Claim& claim : scheduler.TakeReady(kAll)) {
    Reply(claim);
    scheduler.Requeued(claim, clock_.Now() + absl::Seconds(5));
  }
  EXPECT_EQ(scheduler.size(), 3);

  clock_.Advance(absl::Seconds(5));
  EXPECT_THAT(scheduler.TakeReady(kAll), SizeIs(3));
  EXPECT_THAT(scheduler.TakeLoads().fetches, SizeIs(1)) << "the fourth is looked up";
}

TEST_F(ShardSchedulerTest, NothingIsInMemoryOfAWebhookThatIsHeld) {
  ShardScheduler& scheduler = Make();
  Enqueue(a_);
  Enqueue(a_);
  const Claim claim = scheduler.TakeReady(1).front();

  scheduler.Held(claim);

  EXPECT_EQ(scheduler.size(), 0);
  EXPECT_THAT(scheduler.TakeReady(kAll), IsEmpty());
  EXPECT_THAT(scheduler.TakeLoads().fetches, IsEmpty());
}

TEST_F(ShardSchedulerTest, WhatIsNotedBeforeAWebhookIsHeldIsLookedUp) {
  ShardScheduler& scheduler = Make();
  Enqueue(a_);
  const Claim claim = scheduler.TakeReady(kAll).front();
  // It was enabled again after it had been read, and what was found there would now be dropped.
  scheduler.NoteStored(a_, clock_.Now());
  const ShardScheduler::Loads loads = scheduler.TakeLoads();
  scheduler.Fetched(loads.fetches.front(), {NewDelivery(a_)}, loads.fetch_before,
                    loads.fetch_limit);

  scheduler.Held(claim);

  EXPECT_THAT(scheduler.TakeLoads().fetches, SizeIs(1));
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

// As a delivery that waits for its retry, and is sent again by somebody who does not want to wait.
TEST_F(ShardSchedulerTest, WhatIsTriedNowIsLookedUpAnew) {
  ShardScheduler& scheduler = Make();
  QueuedDelivery delivery = Enqueue(a_);
  const QueuedDelivery in_flight = Enqueue(a_);
  const std::vector<Claim> claims = scheduler.TakeReady(kAll);
  Reply(claims[0]);
  scheduler.Requeued(claims[0], clock_.Now() + absl::Seconds(8));
  ASSERT_EQ(scheduler.size(), 2) << "it waits in memory";
  delivery.attempt_count = delivery.attempts_before = 1;

  scheduler.TryNow(a_);

  const ShardScheduler::Loads loads = scheduler.TakeLoads();
  ASSERT_THAT(loads.fetches, SizeIs(1));
  scheduler.Fetched(loads.fetches.front(), {delivery, in_flight}, loads.fetch_before,
                    loads.fetch_limit);
  const std::vector<Claim> again = scheduler.TakeReady(kAll);
  EXPECT_THAT(Messages(again), ElementsAre(delivery.id.message));
  EXPECT_EQ(again.front().delivery.attempts_before, 1);
}

// Two that are under way when somebody wants them again: the queue may have them, whatever became
// of the attempts.
TEST_F(ShardSchedulerTest, WhatWasUnderWayWhenItWasWantedIsLookedUpAfterwards) {
  ShardScheduler& scheduler = Make();
  std::vector<QueuedDelivery> rows = {Enqueue(a_), Enqueue(a_)};
  const std::vector<Claim> claims = scheduler.TakeReady(kAll);
  const auto fetch = [&] {
    const ShardScheduler::Loads loads = scheduler.TakeLoads();
    ASSERT_THAT(loads.fetches, SizeIs(1));
    scheduler.Fetched(loads.fetches.front(), rows, loads.fetch_before, loads.fetch_limit);
  };
  scheduler.TryNow(a_);
  fetch();
  ASSERT_THAT(scheduler.TakeReady(kAll), IsEmpty());

  for (const Claim& claim : claims) Reply(claim);
  scheduler.Settled(claims[0]);
  scheduler.Requeued(claims[1], clock_.Now() + absl::Seconds(5));
  for (QueuedDelivery& row : rows) row.attempt_count = row.attempts_before = 1;
  fetch();

  const std::vector<Claim> again = scheduler.TakeReady(kAll);
  ASSERT_THAT(again, SizeIs(2));
  for (const Claim& claim : again) EXPECT_EQ(claim.delivery.attempts_before, 1);
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

TEST_F(ShardSchedulerTest, AShardIsSearchedOnceAnInterval) {
  const SchedulerOptions options;
  ShardScheduler scheduler(clock_, options);
  scheduler.Gain({3, 1});
  scheduler.Searched({3, 1}, {});
  clock_.Advance(options.reload_interval);  // the first time sooner, to spread them
  ASSERT_THAT(scheduler.TakeLoads().searches, SizeIs(1));
  scheduler.Searched({3, 1}, {});

  clock_.Advance(options.reload_interval - absl::Seconds(1));
  EXPECT_THAT(scheduler.TakeLoads().searches, IsEmpty());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(scheduler.TakeLoads().searches, SizeIs(1));
}

TEST_F(ShardSchedulerTest, AGapInTheNotificationsMakesItSearchEverything) {
  ShardScheduler& scheduler = Make();
  ASSERT_THAT(scheduler.TakeLoads().searches, IsEmpty());

  scheduler.SearchAll();

  EXPECT_THAT(scheduler.TakeLoads().searches, testing::Not(IsEmpty()));
}

}  // namespace
}  // namespace crier::delivery
