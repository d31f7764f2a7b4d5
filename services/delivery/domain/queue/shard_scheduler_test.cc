// Leases, and the end of what was claimed under them.
#include "services/delivery/domain/queue/shard_scheduler_test.h"

namespace crier::delivery {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kAll = 1'000'000;

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

TEST_F(ShardSchedulerTest, ALostLeaseIsUnsettledUntilTheOutcomesOfItsAttemptsAreStored) {
  ShardScheduler& scheduler = Make();
  Enqueue(a_);
  const Claim claim = scheduler.TakeReady(kAll).front();
  scheduler.Lose(claim.lease);
  scheduler.Gain({claim.lease.slot, claim.lease.epoch + 1});
  EXPECT_TRUE(scheduler.IsUnsettled(claim.lease));
  EXPECT_FALSE(scheduler.IsUnsettled({claim.lease.slot, claim.lease.epoch + 1}));

  scheduler.Answered(claim, {});
  EXPECT_TRUE(scheduler.IsUnsettled(claim.lease)) << "answered, and not yet stored";
  scheduler.Settled(claim);

  EXPECT_FALSE(scheduler.IsUnsettled(claim.lease));
}

}  // namespace
}  // namespace crier::delivery
