// Batches that are worked on at the same time.
#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/batch/batcher_test.h"
#include "gmock/gmock.h"

namespace crier::batch {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

TEST_F(BatcherTest, WorkersRunBatchesAtTheSameTime) {
  options_.workers = 2;
  Start();

  Submit({1});
  work_.AwaitBatches(1);
  Submit({2});
  work_.AwaitBatches(2);  // while the first still waits at the gate

  work_.Open();
  results_.Await(2);
}

TEST_F(BatcherTest, ALaneThatIsAtWorkHoldsUpNoOther) {
  StartWithALaneAtWork();

  Submit({2}, 1, 0);
  Submit({3}, 1, 1);
  work_.AwaitBatches(2);  // while the first still waits at the gate
  EXPECT_THAT(work_.batches(), ElementsAre(Numbers{1}, Numbers{3}));
  work_.Open();
  results_.Await(3);

  EXPECT_THAT(work_.batches(), ElementsAre(Numbers{1}, Numbers{3}, Numbers{2}));
}

TEST_F(BatcherTest, ALaneIsFreeBeforeTheCallersOfItsBatchHaveHeard) {
  options_.workers = options_.lanes = 2;
  Start();
  absl::Notification go_on;
  ASSERT_TRUE(batcher_
                  ->Submit(
                      1, 1, [&](const auto&) { go_on.WaitForNotification(); }, 0)
                  .ok());
  work_.AwaitBatches(1);

  Submit({2}, 1, 0);
  work_.Open();

  results_.Await(1);  // while the caller of the first is still hearing of it
  go_on.Notify();
  batcher_.reset();  // before what its caller waits for
}

TEST_F(BatcherTest, WhatIsNotWorthABatchWaitsForTheOneAtWorkAndSharesTheNext) {
  options_.worth_a_batch = 3;
  options_.patience = kForever;
  StartWithALaneAtWork();

  Submit({2}, 1, 0);
  Submit({3, 4}, 1, 1);
  work_.Open();
  results_.Await(4);

  EXPECT_THAT(work_.batches(), ElementsAre(Numbers{1}, Numbers{3, 4, 2}));
}

TEST_F(BatcherTest, WhatIsWorthABatchIsWorkedOnBesideAnother) {
  options_.worth_a_batch = 3;
  options_.patience = kForever;
  StartWithALaneAtWork();

  Submit({2, 3, 4}, 1, 1);
  work_.AwaitBatches(2);  // while the first still waits at the gate

  EXPECT_THAT(work_.batches(), ElementsAre(Numbers{1}, Numbers{2, 3, 4}));
  work_.Open();
}

TEST_F(BatcherTest, NothingWaitsLongForABatchThatTakesLong) {
  options_.worth_a_batch = 3;
  options_.patience = absl::Milliseconds(20);
  StartWithALaneAtWork();

  Submit({2}, 1, 1);
  clock_.Advance(absl::Milliseconds(20));
  work_.AwaitBatches(2);  // while the first still waits at the gate

  EXPECT_THAT(work_.batches(), ElementsAre(Numbers{1}, Numbers{2}));
  work_.Open();
}

TEST_F(BatcherTest, TheDestructorLetsGoOfAllWhoWaitForALane) {
  options_.workers = options_.lanes = 4;
  Start();
  Submit({1}, 1, 0);
  work_.AwaitBatches(1);
  Submit({2}, 1, 0);  // for which its lane must be free first
  std::atomic<bool> ending = false;
  std::thread end([&] {
    ending = true;
    batcher_.reset();
  });

  // Nothing tells that the destructor has begun to wait; it has next to nothing to do before.
  while (!ending) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  work_.Open();
  end.join();

  EXPECT_EQ(results_.size(), 2);
}

TEST_F(BatcherTest, ManyCallersAllGetTheirResultsOnce) {
  constexpr int kCallers = 4;
  constexpr int kItemsPerCaller = 500;
  options_.workers = options_.lanes = 2;
  options_.max_items = 7;
  options_.worth_a_batch = 3;
  options_.gather = absl::Microseconds(100);
  work_.Open();
  TestBatcher batcher(options_, work_.AsWork());

  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < kItemsPerCaller; ++i) {
        const int item = caller * kItemsPerCaller + i;
        EXPECT_TRUE(batcher.Submit(item, 1, results_.For(item), i % 2).ok());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();

  std::vector<int> times_seen(kCallers * kItemsPerCaller);
  for (const auto& [item, result] : results_.Await(times_seen.size())) ++times_seen[item];
  EXPECT_THAT(times_seen, Each(1));
}

}  // namespace
}  // namespace crier::batch
