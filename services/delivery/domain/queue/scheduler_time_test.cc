// What is due now, and what later.
#include "services/delivery/domain/queue/shard_scheduler_test.h"

namespace crier::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kAll = 1'000'000;

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

}  // namespace
}  // namespace crier::delivery
