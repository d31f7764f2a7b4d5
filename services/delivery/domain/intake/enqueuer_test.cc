#include "services/delivery/domain/intake/enqueuer.h"

#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/fakes/fake_delivery_store.h"
#include "services/delivery/domain/fakes/fake_webhook_store.h"
#include "services/delivery/domain/payloads/samples.h"
#include "services/delivery/domain/queue/shard.h"

namespace crier::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class EnqueuerTest : public testing::Test {
 protected:
  static absl::Time Deadline() { return absl::InfiniteFuture(); }

  void HoldShardOf(const WebhookId& webhook) { scheduler_.Gain({ShardOf(webhook), 1}); }

  WebhookId CreateWebhook() {
    Webhook webhook;
    webhook.id.community = 123;
    const auto created = webhooks_.Create(webhook, "", Deadline());
    EXPECT_TRUE(created.ok());
    return created->id;
  }

  void ChangeState(const WebhookId& webhook, StateAction action) {
    ASSERT_TRUE(webhooks_.ChangeState(webhook, "", action, clock_.Now(), Deadline()).ok());
  }

  EnqueueRequest Request(const std::vector<WebhookId>& webhooks, int messages = 1) {
    EnqueueRequest request;
    request.producer = "producer";
    request.expected_position = 0;
    request.next_position = 1;
    for (int i = 0; i < messages; ++i) {
      EnqueueRequest::Message message;
      message.event = TakeSnapshot(SampleContactEvent());
      for (const WebhookId& webhook : webhooks) message.targets.push_back({webhook, {5, "Name"}});
      request.messages.push_back(std::move(message));
    }
    return request;
  }

  absl::StatusOr<EnqueueResult> Enqueue(EnqueueRequest request) {
    std::vector<EnqueueRequest> requests;
    requests.push_back(std::move(request));
    return enqueuer_.Enqueue(std::move(requests), Deadline()).front();
  }

  std::vector<Claim> TakeAll() { return scheduler_.TakeReady(1'000'000); }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  metrics::Registry registry_;
  FakeDeliveryStore store_;
  FakeWebhookStore webhooks_;
  ShardScheduler scheduler_{clock_, {.lane = {.pace = {.first = 10}}}};
  Enqueuer enqueuer_{store_, webhooks_, scheduler_, clock_, registry_};
};

TEST_F(EnqueuerTest, HandsWhatItStoredToTheSchedulerWithItsContent) {
  const WebhookId webhook = CreateWebhook();
  HoldShardOf(webhook);

  const auto result = Enqueue(Request({webhook}, 2));

  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->enqueued, 2);
  EXPECT_EQ(result->dropped, 0);
  const std::vector<Claim> claims = TakeAll();
  ASSERT_THAT(claims, SizeIs(2));
  for (const Claim& claim : claims) {
    EXPECT_TRUE(store_.Queued(claim.delivery.id.message).has_value());
    ASSERT_TRUE(claim.delivery.content.has_value());
    EXPECT_EQ(claim.delivery.content->workflow.display_name, "Name");
  }
  EXPECT_THAT(store_.announced(), IsEmpty());
}

TEST_F(EnqueuerTest, AnnouncesWhatOthersWorkOn) {
  const WebhookId here = CreateWebhook();
  WebhookId elsewhere = CreateWebhook();
  while (ShardOf(elsewhere) == ShardOf(here)) elsewhere = CreateWebhook();
  HoldShardOf(here);

  ASSERT_TRUE(Enqueue(Request({here, elsewhere}, 3)).ok());

  EXPECT_THAT(store_.announced(), ElementsAre(elsewhere));
  EXPECT_THAT(TakeAll(), SizeIs(3));
}

TEST_F(EnqueuerTest, WhatIsDueLaterWaitsInTheDatabase) {
  const WebhookId here = CreateWebhook();
  WebhookId elsewhere = CreateWebhook();
  while (ShardOf(elsewhere) == ShardOf(here)) elsewhere = CreateWebhook();
  HoldShardOf(here);
  EnqueueRequest request = Request({here, elsewhere}, 3);
  request.messages[0].targets[0].not_before = clock_.Now() - absl::Seconds(1);
  request.messages[1].targets[0].not_before = clock_.Now() + absl::Seconds(7);

  ASSERT_TRUE(Enqueue(std::move(request)).ok());

  EXPECT_THAT(store_.announced(), ElementsAre(elsewhere));
  const std::vector<Claim> claims = TakeAll();
  ASSERT_THAT(claims, SizeIs(2)) << "of the first and the last";
  EXPECT_EQ(claims[0].delivery.due_time, clock_.Now());
  EXPECT_EQ(claims[1].delivery.due_time, clock_.Now());
  clock_.Advance(absl::Seconds(7));
  EXPECT_THAT(TakeAll(), IsEmpty());
  const ShardScheduler::Loads loads = scheduler_.TakeLoads();
  ASSERT_THAT(loads.fetches, SizeIs(1));
  EXPECT_EQ(loads.fetches[0].webhook, here);
}

TEST_F(EnqueuerTest, DropsAndCountsWhatHasNoWebhook) {
  const WebhookId deleted = CreateWebhook();
  ASSERT_TRUE(webhooks_.Delete(deleted, "", Deadline()).ok());
  const WebhookId known = CreateWebhook();
  HoldShardOf(known);

  const auto result = Enqueue(Request({deleted, known, {123, 999'999}}));

  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->enqueued, 1);
  EXPECT_EQ(result->dropped, 2);
  EXPECT_THAT(result->dropped_webhooks, SizeIs(2));
  EXPECT_THAT(TakeAll(), SizeIs(1));
}

TEST_F(EnqueuerTest, MovesThePositionAlone) {
  ASSERT_TRUE(Enqueue(Request({}, 0)).ok());

  EXPECT_EQ(*store_.ProducerPosition("producer", Deadline()), 1);
}

TEST_F(EnqueuerTest, AProducerThatStandsElsewhereSendsNothing) {
  const WebhookId webhook = CreateWebhook();
  HoldShardOf(webhook);
  ASSERT_TRUE(Enqueue(Request({}, 0)).ok());

  const auto result = Enqueue(Request({webhook}));

  EXPECT_EQ(ErrorReason(result.status()), "POSITION_MISMATCH");
  EXPECT_THAT(TakeAll(), IsEmpty());
}

TEST_F(EnqueuerTest, OfSeveralThatCannotBeStoredTogetherEachIsStoredAlone) {
  const WebhookId webhook = CreateWebhook();
  HoldShardOf(webhook);
  ASSERT_TRUE(Enqueue(Request({}, 0)).ok());
  std::vector<EnqueueRequest> requests;
  for (const char* const producer : {"another", "producer", "a third"}) {
    requests.push_back(Request({webhook}));
    requests.back().producer = producer;
  }
  store_.FailTimes(1, absl::InternalError("the database does not take one of them"));

  const auto results = enqueuer_.Enqueue(std::move(requests), Deadline());

  EXPECT_TRUE(results[0].ok());
  EXPECT_EQ(ErrorReason(results[1].status()), "POSITION_MISMATCH");
  EXPECT_TRUE(results[2].ok());
  EXPECT_THAT(TakeAll(), SizeIs(2));
}

TEST_F(EnqueuerTest, WhatMayHaveBeenStoredIsLookedUp) {
  const WebhookId webhook = CreateWebhook();
  HoldShardOf(webhook);
  store_.FailTimes(1, absl::UnavailableError("broken during the commit"));

  EXPECT_FALSE(Enqueue(Request({webhook})).ok());

  EXPECT_THAT(TakeAll(), IsEmpty());
  const ShardScheduler::Loads loads = scheduler_.TakeLoads();
  ASSERT_THAT(loads.fetches, SizeIs(1));
  EXPECT_EQ(loads.fetches[0].webhook, webhook);
}

TEST_F(EnqueuerTest, AnnouncesWhatWasStoredForAShardThatIsLostMeanwhile) {
  const WebhookId webhook = CreateWebhook();
  HoldShardOf(webhook);
  store_.BeforeEach([&] { scheduler_.Lose({ShardOf(webhook), 1}); });

  ASSERT_TRUE(Enqueue(Request({webhook})).ok());

  EXPECT_THAT(store_.announced(), ElementsAre(webhook));
  EXPECT_THAT(TakeAll(), IsEmpty());
}

TEST_F(EnqueuerTest, LeavesEventsInTheDatabaseWhenMemoryIsFull) {
  const WebhookId webhook = CreateWebhook();
  HoldShardOf(webhook);
  EnqueueRequest request = Request({webhook}, 100);
  for (EnqueueRequest::Message& message : request.messages) {
    message.event.bytes =
        std::make_shared<const std::string>(Enqueuer::kEventBytesInMemory / 50, 'x');
  }
  std::vector<Claim> claims;

  ASSERT_TRUE(Enqueue(std::move(request)).ok());

  // An intake is in memory as a whole while it is stored; none of it stays when that is too much.
  claims = TakeAll();
  ASSERT_THAT(claims, testing::Not(IsEmpty()));
  for (const Claim& claim : claims) EXPECT_FALSE(claim.delivery.content.has_value());

  const WebhookId other = CreateWebhook();
  HoldShardOf(other);
  request = Request({other});
  request.expected_position = 1;
  request.next_position = 2;
  ASSERT_TRUE(Enqueue(std::move(request)).ok());
  claims = TakeAll();
  ASSERT_THAT(claims, SizeIs(1));
  EXPECT_TRUE(claims.front().delivery.content.has_value()) << "there is room again";
}

TEST_F(EnqueuerTest, WhatIsForAPausedWebhookIsStoredAndNotHeldInMemory) {
  const WebhookId webhook = CreateWebhook();
  HoldShardOf(webhook);
  ChangeState(webhook, StateAction::kPause);

  const auto result = Enqueue(Request({webhook}));

  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->enqueued, 1);
  EXPECT_EQ(scheduler_.size(), 0);
  EXPECT_THAT(store_.announced(), IsEmpty());
}

TEST_F(EnqueuerTest, AWebhookThatIsResumedWhileItIsEnqueuedForIsAnnounced) {
  const WebhookId webhook = CreateWebhook();
  HoldShardOf(webhook);
  ChangeState(webhook, StateAction::kPause);
  // After the look at its state; whoever searches now finds nothing yet.
  store_.BeforeEach([&] { ChangeState(webhook, StateAction::kResume); });

  ASSERT_TRUE(Enqueue(Request({webhook})).ok());

  EXPECT_THAT(store_.announced(), ElementsAre(webhook));
}

}  // namespace
}  // namespace crier::delivery
