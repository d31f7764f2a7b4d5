// What shares a batch, when it begins, and what becomes of its items.
#include "common/batch/batcher_test.h"

#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"

namespace crier::batch {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

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

  const int looks = clock_.looks();
  Submit({1});
  clock_.AwaitMoreThan(looks);  // the worker found it alone, and waits
  Submit({2, 3});
  results_.Await(6);

  EXPECT_EQ(work_.batches().back(), (Numbers{1, 2, 3}));
}

TEST_F(BatcherTest, WhenBusyABatchFullOfBytesStartsWithoutMoreWaiting) {
  options_.max_bytes = 10;
  Start();
  MakeBusy();

  const int looks = clock_.looks();
  Submit({1}, 5);
  clock_.AwaitMoreThan(looks);
  Submit({2}, 5);
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

}  // namespace
}  // namespace crier::batch
