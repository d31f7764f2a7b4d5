#include "common/batch/batcher.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::batch {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// So long that no test waits for it.
constexpr absl::Duration kForever = absl::Hours(1);

// After so long a test gives up on something that should have happened at once.
constexpr absl::Duration kPatience = absl::Seconds(30);

using Numbers = std::vector<int>;
using TestBatcher = Batcher<int, std::string>;

// Waits until `condition` holds, which is signalled by `changed` and may need `mutex`.
template <typename Condition>
void AwaitCondition(absl::Mutex& mutex, absl::CondVar& changed, Condition condition)
    ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!condition()) {
    if (changed.WaitWithDeadline(&mutex, deadline)) {
      ADD_FAILURE() << "waited in vain";
      return;
    }
  }
}

// Tells when another thread has looked at it. Thread-safe.
class WatchedClock : public FakeClock {
 public:
  using FakeClock::FakeClock;

  absl::Duration Monotonic() const override {
    absl::MutexLock lock(&mutex_);
    if (std::this_thread::get_id() != owner_) ++looks_;
    changed_.SignalAll();
    return FakeClock::Monotonic();
  }

  // Returns when another thread has looked `count` times more.
  void AwaitLooks(int count) {
    absl::MutexLock lock(&mutex_);
    const int enough = looks_ + count;
    AwaitCondition(mutex_, changed_, [&] {
      mutex_.AssertHeld();
      return looks_ >= enough;
    });
  }

 private:
  const std::thread::id owner_ = std::this_thread::get_id();
  mutable absl::Mutex mutex_;
  mutable absl::CondVar changed_;
  mutable int looks_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Work that waits at a gate, so that a test decides what is queued while a batch runs. Thread-safe.
class GatedWork {
 public:
  TestBatcher::Work AsWork() {
    return [this](Numbers items) { return Run(std::move(items)); };
  }

  // From now on batches go through.
  void Open() {
    absl::MutexLock lock(&mutex_);
    open_ = true;
    changed_.SignalAll();
  }

  // Returns when `count` batches have begun.
  void AwaitBatches(size_t count) {
    absl::MutexLock lock(&mutex_);
    AwaitCondition(mutex_, changed_, [&] {
      mutex_.AssertHeld();
      return batches_.size() >= count;
    });
  }

  std::vector<Numbers> batches() {
    absl::MutexLock lock(&mutex_);
    return batches_;
  }

 private:
  std::vector<absl::StatusOr<std::string>> Run(Numbers items) {
    absl::MutexLock lock(&mutex_);
    batches_.push_back(items);
    changed_.SignalAll();
    while (!open_) changed_.Wait(&mutex_);
    return {items.size(), std::string("done")};
  }

  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::vector<Numbers> batches_ ABSL_GUARDED_BY(mutex_);
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

// Collects the results of items by number. Thread-safe.
class Results {
 public:
  TestBatcher::Done For(int item) {
    return [this, item](absl::StatusOr<std::string> result) {
      absl::MutexLock lock(&mutex_);
      results_.emplace_back(item, std::move(result));
      changed_.SignalAll();
    };
  }

  std::vector<std::pair<int, absl::StatusOr<std::string>>> Await(size_t count) {
    absl::MutexLock lock(&mutex_);
    AwaitCondition(mutex_, changed_, [&] {
      mutex_.AssertHeld();
      return results_.size() >= count;
    });
    return results_;
  }

  size_t size() {
    absl::MutexLock lock(&mutex_);
    return results_.size();
  }

 private:
  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::vector<std::pair<int, absl::StatusOr<std::string>>> results_ ABSL_GUARDED_BY(mutex_);
};

class BatcherTest : public testing::Test {
 protected:
  BatcherTest() {
    options_.gather = kForever;
    options_.max_items = 100;
  }

  void Start() { batcher_ = std::make_unique<TestBatcher>(options_, work_.AsWork(), clock_); }

  void Submit(const Numbers& items, size_t bytes = 1, size_t lane = 0) {
    for (const int item : items) {
      const absl::Status status = batcher_->Submit(item, bytes, results_.For(item), lane);
      ASSERT_TRUE(status.ok()) << status;
    }
  }

  // With two lanes, of which the first works on item 1 until the gate is opened.
  void StartWithALaneAtWork() {
    options_.workers = options_.lanes = 2;
    Start();
    Submit({1}, 1, /*lane=*/0);
    work_.AwaitBatches(1);
  }

  // Makes the batcher busy, so that it gathers: one batch of one item, then one of the two that
  // arrived meanwhile. Both items of the latter are under work when this returns, and wait at the
  // gate if it is closed.
  void MakeBusy() {
    Submit({-1});
    work_.AwaitBatches(1);
    Submit({-2, -3});
    work_.Open();
    results_.Await(3);
  }

  WatchedClock clock_{absl::UnixEpoch()};
  BatcherOptions options_;
  GatedWork work_;
  Results results_;
  std::unique_ptr<TestBatcher> batcher_;  // last: it uses all of the above
};

TEST_F(BatcherTest, ASingleItemStartsAtOnce) {
  work_.Open();
  Start();

  Submit({1});
  results_.Await(1);
  Submit({2});
  results_.Await(2);

  EXPECT_THAT(work_.batches(), ElementsAre(Numbers{1}, Numbers{2}));
}

TEST_F(BatcherTest, ItemsThatArriveDuringABatchShareTheNext) {
  Start();
  Submit({1});
  work_.AwaitBatches(1);

  Submit({2, 3, 4});
  work_.Open();
  results_.Await(4);

  EXPECT_THAT(work_.batches(), ElementsAre(Numbers{1}, Numbers{2, 3, 4}));
}

TEST_F(BatcherTest, ABatchHoldsNoMoreThanTheMostItems) {
  options_.max_items = 2;
  Start();
  Submit({1});
  work_.AwaitBatches(1);

  Submit({2, 3, 4, 5});
  work_.Open();
  results_.Await(5);

  EXPECT_THAT(work_.batches(), ElementsAre(Numbers{1}, Numbers{2, 3}, Numbers{4, 5}));
}

TEST_F(BatcherTest, ABatchHoldsNoMoreThanTheMostBytes) {
  options_.max_bytes = 10;
  Start();
  Submit({1});
  work_.AwaitBatches(1);

  Submit({2, 3}, 5);
  Submit({4}, 6);
  Submit({5}, 4);
  work_.Open();
  results_.Await(5);

  EXPECT_THAT(work_.batches(), ElementsAre(Numbers{1}, Numbers{2, 3}, Numbers{4, 5}));
}

TEST_F(BatcherTest, AnItemLargerThanABatchGoesAlone) {
  options_.max_bytes = 10;
  Start();
  Submit({1});
  work_.AwaitBatches(1);

  Submit({2}, 1);
  Submit({3}, 11);
  Submit({4, 5}, 5);
  work_.Open();
  results_.Await(5);

  EXPECT_THAT(work_.batches(), ElementsAre(Numbers{1}, Numbers{2}, Numbers{3}, Numbers{4, 5}));
}

TEST_F(BatcherTest, WhenBusyAFullBatchStartsWithoutMoreWaiting) {
  options_.max_items = 3;
  Start();
  MakeBusy();

  Submit({1, 2, 3});
  results_.Await(6);

  EXPECT_EQ(work_.batches().back(), (Numbers{1, 2, 3}));
}

TEST_F(BatcherTest, WhenBusyABatchFullOfBytesStartsWithoutMoreWaiting) {
  options_.max_bytes = 10;
  Start();
  MakeBusy();

  Submit({1, 2}, 5);
  results_.Await(5);

  EXPECT_EQ(work_.batches().back(), (Numbers{1, 2}));
}

TEST_F(BatcherTest, WhenBusyItemsAreGatheredUntilTheOldestIsOldEnough) {
  options_.gather = absl::Milliseconds(2);
  Start();
  MakeBusy();

  Submit({1});
  clock_.AwaitLooks(2);  // the worker found it too young, and looks again
  clock_.Advance(absl::Milliseconds(1));
  Submit({2});
  clock_.AwaitLooks(2);
  Submit({3});
  clock_.Advance(absl::Milliseconds(1));
  results_.Await(6);

  EXPECT_EQ(work_.batches().back(), (Numbers{1, 2, 3}));
}

TEST_F(BatcherTest, StepsOfTheWallClockDoNotChangeTheAge) {
  options_.gather = absl::Milliseconds(2);
  Start();
  MakeBusy();

  Submit({1});
  clock_.Step(absl::Hours(1));
  clock_.AwaitLooks(2);
  Submit({2});
  clock_.Step(-absl::Hours(2));
  clock_.Advance(absl::Milliseconds(2));
  results_.Await(5);

  EXPECT_EQ(work_.batches().back(), (Numbers{1, 2}));
}

TEST_F(BatcherTest, AfterASingleItemTheBatcherIsNoLongerBusy) {
  options_.gather = absl::Milliseconds(2);
  Start();
  MakeBusy();
  Submit({1});
  clock_.Advance(absl::Milliseconds(2));
  results_.Await(4);

  Submit({2});  // starts though the clock stands still
  results_.Await(5);

  EXPECT_EQ(work_.batches().back(), Numbers{2});
}

TEST_F(BatcherTest, EachItemGetsItsOwnResult) {
  Batcher<int, std::string> batcher(options_, [](Numbers items) {
    std::vector<absl::StatusOr<std::string>> results;
    for (const int item : items) {
      if (item % 2 == 0) {
        results.push_back(std::to_string(item));
      } else {
        results.push_back(absl::InvalidArgumentError(std::to_string(item)));
      }
    }
    return results;
  });

  for (const int item : {1, 2, 3, 4}) {
    ASSERT_TRUE(batcher.Submit(item, 1, results_.For(item)).ok());
    results_.Await(item);
  }

  for (const auto& [item, result] : results_.Await(4)) {
    if (item % 2 == 0) {
      EXPECT_EQ(result.value(), std::to_string(item));
    } else {
      EXPECT_EQ(result.status(), absl::InvalidArgumentError(std::to_string(item)));
    }
  }
}

TEST_F(BatcherTest, ItemsWithoutAResultFailAlone) {
  options_.gather = absl::ZeroDuration();
  absl::Notification gathered;
  TestBatcher batcher(options_, [&](Numbers items) {
    gathered.WaitForNotification();
    items.resize(1);  // forgets all others
    return std::vector<absl::StatusOr<std::string>>{std::string("done")};
  });

  for (const int item : {1, 2, 3}) {
    ASSERT_TRUE(batcher.Submit(item, 1, results_.For(item)).ok());
  }
  gathered.Notify();

  int done = 0;
  for (const auto& [item, result] : results_.Await(3)) {
    if (result.ok()) {
      ++done;
    } else {
      EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal);
    }
  }
  EXPECT_GE(done, 1);
  EXPECT_LT(done, 3);
}

TEST_F(BatcherTest, AFullQueueRefusesItemsAndTakesThemLater) {
  options_.max_queued_items = 2;
  options_.gather = absl::ZeroDuration();
  Start();
  Submit({1});
  work_.AwaitBatches(1);
  Submit({2, 3});

  const absl::Status refused = batcher_->Submit(4, 1, results_.For(4));
  work_.Open();
  results_.Await(3);
  Submit({5});
  results_.Await(4);

  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(refused), "OVERLOADED");
  batcher_.reset();
  EXPECT_EQ(results_.size(), 4u);  // no callback for what was refused
}

TEST_F(BatcherTest, AQueueFullOfBytesRefusesItems) {
  options_.max_queued_bytes = 10;
  Start();
  Submit({1});
  work_.AwaitBatches(1);
  Submit({2}, 11);  // larger than the queue, but alone

  const absl::Status refused = batcher_->Submit(3, 1, results_.For(3));

  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  work_.Open();
}

TEST_F(BatcherTest, BulkLeavesRoomForThoseWhoCannotWait) {
  options_.max_queued_items = 4;
  options_.gather = absl::ZeroDuration();
  Start();
  Submit({1});
  work_.AwaitBatches(1);

  std::vector<TestBatcher::Bulk> bulk;
  for (const int item : {2, 3, 4}) bulk.push_back({item, 1, results_.For(item)});
  EXPECT_EQ(batcher_->SubmitInBulk(absl::MakeSpan(bulk)), 2u);
  Submit({5, 6});

  absl::Notification room;
  ASSERT_TRUE(batcher_->AwaitRoom(1, [&] { room.Notify(); }));
  EXPECT_FALSE(room.HasBeenNotified());
  work_.Open();
  room.WaitForNotification();
  EXPECT_EQ(batcher_->SubmitInBulk(absl::MakeSpan(bulk).subspan(2)), 1u);
  results_.Await(6);
  EXPECT_FALSE(batcher_->AwaitRoom(1, [] { FAIL() << "there is room"; }));
}

TEST_F(BatcherTest, AnItemLargerThanTheBulkShareGoesWhenNothingElseWaits) {
  options_.max_queued_bytes = 10;
  Start();
  std::vector<TestBatcher::Bulk> bulk;
  bulk.push_back({1, 100, results_.For(1)});
  EXPECT_EQ(batcher_->SubmitInBulk(absl::MakeSpan(bulk)), 1u);
  work_.Open();
}

TEST_F(BatcherTest, TheDestructorWorksOnWhatWasAccepted) {
  options_.max_items = 2;
  Start();
  Submit({1});
  work_.AwaitBatches(1);
  Submit({2, 3, 4, 5, 6});

  work_.Open();
  batcher_.reset();

  EXPECT_THAT(results_.Await(6), SizeIs(6));
}

TEST_F(BatcherTest, TheDestructorDoesNotWaitForItemsToGrowOld) {
  Start();
  MakeBusy();
  Submit({1, 2});

  batcher_.reset();

  EXPECT_THAT(results_.Await(5), SizeIs(5));
}

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

TEST_F(BatcherTest, AQueueThatIsFullRefusesNothingOfAnotherLane) {
  options_.max_queued_items = 1;
  options_.worth_a_batch = 100;
  options_.patience = kForever;
  StartWithALaneAtWork();
  Submit({2}, 1, 0);

  EXPECT_TRUE(absl::IsResourceExhausted(batcher_->Submit(3, 1, results_.For(3), 0)));
  Submit({4}, 1, 1);

  work_.Open();
  results_.Await(3);
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
