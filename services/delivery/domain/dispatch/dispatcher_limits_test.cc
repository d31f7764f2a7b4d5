// How many attempts a dispatcher begins at once.
#include <vector>

#include "services/delivery/domain/dispatch/dispatcher_test.h"

namespace crier::delivery {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// They are read with the webhook, after the first deliveries of a webhook have been taken.
TEST_F(DispatcherTest, KeepsToLimitsFromTheFirstAttemptOn) {
  Change([](Webhook& webhook) { webhook.attempts_per_minute = 1; });
  std::vector<DeliveryId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(Enqueue());

  Dispatch();

  ExpectSent(ids[0]);
  sender_.Answer(200);
  Settle();
  clock_.Advance(absl::Seconds(59));
  Dispatch();
  EXPECT_THAT(sender_.sent, IsEmpty());
  clock_.Advance(absl::Seconds(2));
  Dispatch();
  ExpectSent(ids[1]);
  sender_.Answer(200);
  Settle();
}

TEST_F(DispatcherTest, NeverHasMoreOnTheWireThanTheWebhookAllows) {
  Change([](Webhook& webhook) { webhook.max_concurrency = 2; });
  for (int i = 0; i < 5; ++i) Enqueue();

  Dispatch();

  EXPECT_THAT(sender_.sent, SizeIs(2));
  while (!sender_.sent.empty()) {
    sender_.Answer(200);
    Dispatch();
    EXPECT_LE(sender_.sent.size(), 2);
  }
  Settle();
  EXPECT_EQ(scheduler_.size(), 0);
}

TEST_F(DispatcherTest, AHigherLimitHoldsAtOnce) {
  Change([](Webhook& webhook) { webhook.attempts_per_minute = 1; });
  for (int i = 0; i < 3; ++i) Enqueue();
  Dispatch();
  ASSERT_THAT(sender_.sent, SizeIs(1));
  Change([](Webhook& webhook) { webhook.attempts_per_minute = 0; });

  scheduler_.TryNow(webhook_);
  LoadQueue();
  Dispatch();

  EXPECT_THAT(sender_.sent, SizeIs(3));
  while (!sender_.sent.empty()) sender_.Answer(200);
  Settle();
}

TEST_F(DispatcherTest, ATryDoesNotBreakTheLimit) {
  Change([](Webhook& webhook) { webhook.attempts_per_minute = 1; });
  for (int i = 0; i < 3; ++i) Enqueue();
  Dispatch();
  ASSERT_THAT(sender_.sent, SizeIs(1));

  for (int i = 0; i < 3; ++i) {
    scheduler_.TryNow(webhook_);
    LoadQueue();
    Dispatch();
  }

  EXPECT_THAT(sender_.sent, SizeIs(1));
  sender_.Answer(200);
  Settle();
}

}  // namespace
}  // namespace crier::delivery
