#include "services/delivery/domain/intake/enqueue_batcher.h"

#include <atomic>
#include <string>

#include "absl/synchronization/notification.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/fakes/fake_delivery_store.h"
#include "services/delivery/domain/fakes/fake_webhook_store.h"

namespace crier::delivery {
namespace {

class EnqueueBatcherTest : public testing::Test {
 protected:
  // Of no deliveries: what matters here is the position.
  static EnqueueRequest Request(const std::string& producer, int64_t from, int64_t to) {
    EnqueueRequest request;
    request.producer = producer;
    request.expected_position = from;
    request.next_position = to;
    return request;
  }

  // Runs `submit` while both threads of the batcher are in the store, so that what it submits comes
  // to one batch. Returns how often the store was called for that batch.
  template <typename Submit>
  int CallsFor(const Submit& submit) {
    std::atomic<int> calls = 0;
    absl::Notification first, second, go_on;
    store_.BeforeEach([&] {
      const int call = ++calls;
      if (call == 1) first.Notify();
      if (call == 2) second.Notify();
      if (call <= 2) go_on.WaitForNotification();
    });
    {
      EnqueueBatcher batcher(enqueuer_);
      Enqueue(batcher, Request("first", 0, 1));
      first.WaitForNotification();
      Enqueue(batcher, Request("second", 0, 1));
      second.WaitForNotification();
      submit(batcher);
      go_on.Notify();
    }
    store_.BeforeEach(nullptr);
    return calls - 2;
  }

  // The result comes to the vector, in the order of the calls' ends.
  void Enqueue(EnqueueBatcher& batcher, EnqueueRequest request,
               absl::Time deadline = absl::InfiniteFuture()) {
    const std::string producer = request.producer;
    ASSERT_TRUE(batcher
                    .Submit(std::move(request), deadline,
                            [this, producer](const absl::StatusOr<EnqueueResult>& result) {
                              absl::MutexLock lock(&mutex_);
                              results_.emplace_back(producer, ErrorReason(result.status()));
                            })
                    .ok());
  }

  int64_t Position(const std::string& producer) {
    return store_.ProducerPosition(producer, absl::InfiniteFuture()).value();
  }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  metrics::Registry registry_;
  FakeDeliveryStore store_;
  FakeWebhookStore webhooks_;
  ShardScheduler scheduler_{clock_, {}};
  Enqueuer enqueuer_{store_, webhooks_, scheduler_, clock_, registry_};
  absl::Mutex mutex_;
  std::vector<std::pair<std::string, std::string>> results_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(EnqueueBatcherTest, ProducersShareACommitAndGetResultsOfTheirOwn) {
  const int calls = CallsFor([&](EnqueueBatcher& batcher) {
    Enqueue(batcher, Request("a", 0, 7));
    Enqueue(batcher, Request("b", 5, 9));  // stands at 0
    Enqueue(batcher, Request("c", 0, 3));
  });

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(Position("a"), 7);
  EXPECT_EQ(Position("b"), 0);
  EXPECT_EQ(Position("c"), 3);
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(results_, testing::IsSupersetOf({testing::Pair("a", ""), testing::Pair("c", ""),
                                               testing::Pair("b", "POSITION_MISMATCH")}));
}

TEST_F(EnqueueBatcherTest, CallsOfOneProducerAreTakenInOrder) {
  CallsFor([&](EnqueueBatcher& batcher) {
    Enqueue(batcher, Request("a", 0, 7));
    Enqueue(batcher, Request("a", 7, 9));
    Enqueue(batcher, Request("a", 7, 8));  // of a stale evaluator
  });

  EXPECT_EQ(Position("a"), 9);
}

TEST_F(EnqueueBatcherTest, WhatHasNoTimeLeftIsNotBegun) {
  CallsFor([&](EnqueueBatcher& batcher) {
    Enqueue(batcher, Request("late", 0, 7), absl::InfinitePast());
    Enqueue(batcher, Request("a", 0, 7));
  });

  EXPECT_EQ(Position("late"), 0);
  EXPECT_EQ(Position("a"), 7);
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(results_, testing::Contains(testing::Pair("late", "EXPIRED_IN_QUEUE")));
}

}  // namespace
}  // namespace crier::delivery
