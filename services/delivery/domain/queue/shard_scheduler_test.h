// What the tests of the scheduler share.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SHARD_SCHEDULER_TEST_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SHARD_SCHEDULER_TEST_H_

#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/queue/shard_scheduler.h"

namespace crier::delivery {

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

inline std::vector<MessageId> Messages(const std::vector<Claim>& claims) {
  std::vector<MessageId> messages;
  for (const Claim& claim : claims) messages.push_back(claim.delivery.id.message);
  return messages;
}

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_SHARD_SCHEDULER_TEST_H_
