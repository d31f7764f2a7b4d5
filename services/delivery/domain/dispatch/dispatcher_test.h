// A dispatcher without its thread, and a sender that the test answers for.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_DISPATCHER_TEST_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_DISPATCHER_TEST_H_

#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/dispatch/dispatcher.h"
#include "services/delivery/domain/fakes/fake_delivery_store.h"
#include "services/delivery/domain/fakes/fake_webhook_store.h"
#include "services/delivery/domain/payloads/samples.h"
#include "services/delivery/domain/queue/ended_deliveries.h"
#include "services/delivery/domain/queue/queue_loader.h"
#include "services/delivery/domain/queue/shard.h"

namespace crier::delivery {

// Keeps requests until the test answers them.
class FakeSender : public Sender {
 public:
  struct Sent {
    AttemptRequest request;
    int64_t connection_group;
    std::function<void(AttemptResult)> done;
  };

  void Send(AttemptRequest request, int64_t connection_group,
            std::function<void(AttemptResult)> done) override {
    sent.push_back({std::move(request), connection_group, std::move(done)});
  }

  // Answers the oldest request with the status.
  void Answer(int status) {
    AttemptResult result;
    result.outcome = status == 200 ? Outcome::kSucceeded : Outcome::kRefused;
    result.status = status;
    Sent first = std::move(sent.front());
    sent.pop_front();
    first.done(std::move(result));
  }

  std::deque<Sent> sent;
};

// The dispatcher without its thread: the test makes each round.
class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() {
    Webhook webhook;
    webhook.id.community = 123;
    webhook.url = "https://example.com/first";
    webhook.signing_keys = {{.number = 1, .key = "key"}};
    webhook_ = webhooks_.Create(webhook, "", absl::InfiniteFuture())->id;
    lease_ = {ShardOf(webhook_), 1};
    scheduler_.Gain(lease_);
  }

  DeliveryContent Content() { return {TakeSnapshot(SampleContactEvent()).bytes, {5, "Name"}}; }

  // A delivery in the queue and in memory, which was recovered after so many attempts.
  DeliveryId Enqueue(const DeliveryContent& content, int attempts_before = 0) {
    QueuedDelivery delivery;
    delivery.attempt_count = delivery.attempts_before = attempts_before;
    delivery.id = {webhook_, ids_.Next()};
    delivery.due_time = clock_.Now();
    delivery.content = content;
    store_.Add(delivery.id, content, delivery.due_time);
    EXPECT_TRUE(scheduler_.Expect(delivery));
    scheduler_.Offer(delivery);
    return delivery.id;
  }
  DeliveryId Enqueue() { return Enqueue(Content()); }

  void Dispatch() {
    const absl::Status status = dispatcher_.DispatchOnce(sender_);
    EXPECT_TRUE(status.ok()) << status;
  }

  void LoadQueue() { QueueLoader(scheduler_, store_, clock_).LoadOnce(); }

  // Waits until outcomes are stored.
  void Settle() { ASSERT_TRUE(scheduler_.WaitUntilSettled(absl::InfiniteDuration())); }

  // How many deliveries were counted as ended in the state.
  double Ended(DeliveryState state) { return EndedDeliveries(registry_, state).Value(); }

  void ChangeState(StateAction action) {
    ASSERT_TRUE(
        webhooks_.ChangeState(webhook_, "", action, clock_.Now(), absl::InfiniteFuture()).ok());
  }

  void Change(const std::function<void(Webhook&)>& change) {
    ASSERT_TRUE(webhooks_.Update(webhook_, "", change, absl::InfiniteFuture()).ok());
  }

  void SetUrl(const std::string& url) {
    Change([&](Webhook& webhook) { webhook.url = url; });
  }

  // Takes a delivery off the queue that stays in memory.
  void CancelInStore(const DeliveryId& id) {
    store_.Cancel(id.message);
    Change([&](Webhook& webhook) { webhook.cancelled_through = id.message; });
  }

  // What is on the wire must be this delivery alone.
  void ExpectSent(const DeliveryId& id) {
    ASSERT_THAT(sender_.sent, testing::SizeIs(1));
    EXPECT_THAT(sender_.sent.front().request.headers,
                testing::Contains(Header{"webhook-id", id.message.ToString()}));
  }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  MessageIdGenerator ids_{clock_};
  metrics::Registry registry_;
  std::mt19937_64 random_{1};
  RetrySchedule schedule_{random_};
  FakeDeliveryStore store_;
  FakeWebhookStore webhooks_;
  WebhookId webhook_;
  lease::Lease lease_;
  ShardScheduler scheduler_{clock_, {.lane = {.pace = {.first = 10}}}};
  OutcomeWriter outcomes_{store_, clock_, registry_,
                          [this](const lease::Lease& lease) { return scheduler_.Holds(lease); }};
  ClaimReader reader_{store_, webhooks_, clock_};
  AttemptMaker attempts_{scheduler_, outcomes_, schedule_,
                         clock_,     registry_, {.app_base_url = "https://app.example.com"}};
  Dispatcher dispatcher_{scheduler_, reader_, attempts_, outcomes_, registry_};
  FakeSender sender_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_DISPATCHER_TEST_H_
