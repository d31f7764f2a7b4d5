#include "services/delivery/storage/queue_depth.h"

#include "gtest/gtest.h"
#include "services/delivery/storage/delivery_fixture.h"

namespace crier::delivery::storage {
namespace {

class QueueDepthTest : public DeliveryStorageTest {
 protected:
  QueueDepthTest() {
    for (int i = 0; i < 3; ++i) StoreWebhook(1);
    database_.Run(schema_, "ANALYZE queue");  // which has the estimate forget what was there
  }

  QueueDepth Measure(absl::Time now) {
    const auto depth = MeasureQueue(pool_, now, Deadline());
    EXPECT_TRUE(depth.ok()) << depth.status();
    return depth.value_or(QueueDepth());
  }
};

TEST_F(QueueDepthTest, AnEmptyQueueHasNoDepth) {
  const QueueDepth depth = Measure(now_);

  EXPECT_EQ(depth.due, 0);
  EXPECT_EQ(depth.scheduled, 0);
  EXPECT_FALSE(depth.oldest_due_time);
  EXPECT_EQ(depth.enabled_webhooks, 3);
}

TEST_F(QueueDepthTest, TellsWhatIsDueFromWhatIsScheduled) {
  Store(a_);
  Store(b_);
  const DeliveryId retried = Store(b_);
  Commit({Outcome(retried, DeliveryState::kPending, 1)});  // due in five minutes
  database_.Run(schema_, "ANALYZE queue");

  const QueueDepth depth = Measure(now_ + absl::Seconds(1));

  EXPECT_EQ(depth.due, 2);
  EXPECT_EQ(depth.scheduled, 1);
  EXPECT_EQ(depth.oldest_due_time, now_);
  EXPECT_EQ(Measure(now_ - absl::Seconds(1)).due, 0);
  EXPECT_EQ(Measure(now_ + absl::Hours(1)).due, 3);
}

TEST_F(QueueDepthTest, WhatADeletedWebhookLeftIsNotDue) {
  Store(a_);
  Store(b_);
  database_.Run(schema_, "UPDATE webhooks SET delete_time = now() WHERE webhook_id = 1");

  const QueueDepth depth = Measure(now_ + absl::Seconds(1));

  EXPECT_EQ(depth.due, 1);
  EXPECT_EQ(depth.enabled_webhooks, 2);
}

TEST_F(QueueDepthTest, WhatAPausedOrDisabledWebhookHoldsBackIsNotDue) {
  Store(a_);
  Store(b_);
  database_.Run(schema_,
                "UPDATE webhooks SET state = webhook_id + 1 WHERE webhook_id <= 2;"
                "UPDATE webhooks SET delete_time = now() WHERE webhook_id = 3");

  const QueueDepth depth = Measure(now_ + absl::Seconds(1));

  EXPECT_EQ(depth.due, 0);
  EXPECT_EQ(depth.enabled_webhooks, 0);
  EXPECT_EQ(depth.paused_webhooks, 1);
  EXPECT_EQ(depth.disabled_webhooks, 1);
}

TEST_F(QueueDepthTest, WhatWaitsForAReceiverThatFailsOrHasARateIsNotDue) {
  Store(a_);
  Store(b_);
  database_.Run(schema_,
                "UPDATE webhooks SET failing_since = now() WHERE webhook_id = 1;"
                "UPDATE webhooks SET attempts_per_minute = 6 WHERE webhook_id = 2");

  const QueueDepth depth = Measure(now_ + absl::Seconds(1));

  EXPECT_EQ(depth.due, 0);
  EXPECT_FALSE(depth.oldest_due_time);
}

TEST_F(QueueDepthTest, CountsThoseThatFailForMoreThanAMoment) {
  database_.Run(schema_,
                "UPDATE webhooks SET failing_since = timestamptz 'epoch' + interval '1 hour'");
  const absl::Time begin = absl::UnixEpoch() + absl::Hours(1);

  EXPECT_EQ(Measure(begin + absl::Minutes(4)).failing_webhooks, 0);
  EXPECT_EQ(Measure(begin + absl::Minutes(5)).failing_webhooks, 3);
}

TEST_F(QueueDepthTest, CountsAThousandOfAWebhook) {
  database_.Run(schema_,
                "INSERT INTO queue SELECT 1, 1, gen_random_uuid(), 7, now() - interval '1 hour', 0"
                " FROM generate_series(1, 1500)");

  EXPECT_EQ(Measure(now_ + absl::Seconds(1)).due, 1000);
}

}  // namespace
}  // namespace crier::delivery::storage
