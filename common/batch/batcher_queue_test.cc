// What may wait, and what is turned away.
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/batch/batcher_test.h"
#include "common/status/errors.h"

namespace crier::batch {
namespace {

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

  for (const int item : {2, 3}) {
    TestBatcher::Bulk bulk{item, 1, results_.For(item)};
    EXPECT_TRUE(batcher_->SubmitInBulk(bulk));
  }
  TestBatcher::Bulk late{4, 1, results_.For(4)};
  EXPECT_FALSE(batcher_->SubmitInBulk(late));
  Submit({5, 6});

  absl::Notification room;
  ASSERT_TRUE(batcher_->AwaitRoom(1, [&] { room.Notify(); }));
  EXPECT_FALSE(room.HasBeenNotified());
  work_.Open();
  room.WaitForNotification();
  EXPECT_TRUE(batcher_->SubmitInBulk(late));
  results_.Await(6);
  EXPECT_FALSE(batcher_->AwaitRoom(1, [] { FAIL() << "there is room"; }));
}

TEST_F(BatcherTest, AnItemLargerThanTheBulkShareGoesWhenNothingElseWaits) {
  options_.max_queued_bytes = 10;
  Start();
  TestBatcher::Bulk bulk{1, 100, results_.For(1)};
  EXPECT_TRUE(batcher_->SubmitInBulk(bulk));
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

}  // namespace
}  // namespace crier::batch
