#include "services/evaluator/domain/partitions/partition_runner_test.h"

#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/api/time.h"
#include "gmock/gmock.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(PartitionRunnerTest, HandsOverWhatFires) {
  World world;
  world.EnableFrom(0);
  world.Append();
  world.Append(Event::CONTACT_UPDATED);
  world.Append();

  const auto runner = world.StartRunner();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 3));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(1, 3));
  const auto message = world.deliveries.messages().front();
  EXPECT_EQ(message.event().kind(), Event::CONTACT_FOUND);
  ASSERT_EQ(message.targets_size(), 1);
  EXPECT_EQ(message.targets(0).webhook(), "communities/1/webhooks/5");
  EXPECT_EQ(message.targets(0).workflow_display_name(), "name");
}

TEST(PartitionRunnerTest, AnEventOfAClockThatWasAheadIsOfNow) {
  World world;
  world.EnableFrom(0);
  const absl::Time before = world.clock.Now() - absl::Hours(1);
  for (const absl::Time accepted : {before, world.clock.Now() + absl::Hours(24 * 365)}) {
    Event event;
    event.set_community_id(kCommunity);
    event.set_kind(Event::CONTACT_FOUND);
    event.mutable_contact();
    *event.mutable_accept_time() = api::ToProto(accepted);
    world.events.Append(event);
  }

  const auto runner = world.StartRunner();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 2));
  std::vector<absl::Time> accepted;
  for (const auto& message : world.deliveries.messages()) {
    accepted.push_back(api::FromProto(message.event().accept_time()));
  }
  EXPECT_THAT(accepted, ElementsAre(before, world.clock.Now()));
}

TEST(PartitionRunnerTest, GoesOnWhereTheDeliveryServiceStands) {
  World world;
  world.EnableFrom(0);
  for (int i = 0; i < 4; ++i) world.Append();
  world.deliveries.MoveProducer(kProducer, 2);

  const auto runner = world.StartRunner();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 4));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(3, 4));
}

TEST(PartitionRunnerTest, AProducerThatIsNewBeginsWhereItIsRegistered) {
  World world;
  world.EnableFrom(0);
  for (int i = 0; i < 3; ++i) world.Append();
  world.events.Trim(0, 3);
  world.events.SetRegistered(0, 2);

  const auto runner = world.StartRunner();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 3));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(3));
}

TEST(PartitionRunnerTest, AProducerThatWasMovedIsFollowed) {
  World world;
  world.EnableFrom(0);
  world.Append();
  world.Append();
  const auto runner = world.StartRunner();
  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 2));

  world.deliveries.MoveProducer(kProducer, 1);
  world.Append();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 3));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(1, 2, 2, 3));
}

TEST(PartitionRunnerTest, WhoIsOvertakenGoesOnWhereTheOtherStands) {
  World world;
  world.EnableFrom(0);
  world.Append();
  const auto runner = world.StartRunner();
  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 1));
  world.deliveries.MoveProducer(kProducer, 3);  // another has handed over two that are to come

  world.Append();
  while (world.metrics.interruptions.Value() == 0 && runner->position() < 2) {
    std::this_thread::yield();
  }
  world.Append();
  world.Append();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 4));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(1, 4));
  while (runner->position() < 4) std::this_thread::yield();
  EXPECT_EQ(world.metrics.matches.Value(), 2);
}

TEST(PartitionRunnerTest, AFrameThatIsTooLargeIsHandedOverInParts) {
  World world;
  world.options.batch_limits.max_messages = 2;
  world.EnableFrom(0);
  for (int i = 0; i < 5; ++i) world.Append();

  const auto runner = world.StartRunner();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 5));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(world.deliveries.enqueues(), 3);
}

// Notes with which positions erasures came.
class ErasureWatcher : public FakeDeliverySink {
 public:
  absl::StatusOr<int64_t> Enqueue(absl::string_view producer, int64_t expected_position,
                                  Batch batch, absl::Time deadline) override {
    if (!batch.erasures.empty()) positions.push_back(batch.next_position);
    return FakeDeliverySink::Enqueue(producer, expected_position, std::move(batch), deadline);
  }

  std::vector<int64_t> positions;
};

TEST(PartitionRunnerTest, WhatIsToBeErasedIsToldWithTheLastPart) {
  World world;
  world.options.batch_limits.max_messages = 1;
  ErasureWatcher sink;
  world.EnableFrom(0);
  for (int i = 0; i < 3; ++i) world.Append();
  Event deletion;
  deletion.set_community_id(kCommunity);
  deletion.set_kind(Event::CONTACT_DELETED);
  deletion.set_deleted_contact("communities/1/contacts/7");
  world.events.Append(deletion);
  {
    PartitionRunner runner(0, world.PartsWith(world.events, sink), world.options, 1);
    ASSERT_TRUE(sink.WaitForPosition(kProducer, 4));
  }

  EXPECT_EQ(sink.enqueues(), 3) << "the parts";
  EXPECT_THAT(sink.positions, ElementsAre(4)) << "any of them may have what is to be erased";
}

TEST(PartitionRunnerTest, FramesWithoutMatchesAreConfirmedTogether) {
  World world;
  world.options.max_unconfirmed_events = 100;
  world.events.SetFrameSize(10);
  for (int i = 0; i < 200; ++i) world.Append();

  const auto runner = world.StartRunner();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 200));
  EXPECT_EQ(world.deliveries.enqueues(), 2);
  EXPECT_THAT(world.DeliveredPositions(), IsEmpty());
}

TEST(PartitionRunnerTest, AQuietPartitionIsConfirmedAfterAWhile) {
  World world;
  world.Append();
  const auto runner = world.StartRunner();
  while (runner->position() < 1) std::this_thread::yield();
  EXPECT_EQ(world.deliveries.enqueues(), 0);

  world.clock.Advance(world.options.max_unconfirmed_time);
  world.events.Tick();

  EXPECT_TRUE(world.deliveries.WaitForPosition(kProducer, 1));
}

TEST(PartitionRunnerTest, SeesEveryChangeThatWasStoredBeforeAnEventWasAccepted) {
  World world;
  world.deliveries.AddWebhook({kCommunity, kWebhook});
  Workflows workflows(world.store, world.events, world.deliveries, world.clock);
  const auto runner = world.StartRunner();
  std::vector<int64_t> expected;
  const auto wait_until_evaluated = [&](int64_t position) {
    while (runner->position() < position) std::this_thread::yield();
  };

  // Each change comes after the runner has used the catalog from before it.
  for (int round = 0; round < 50; ++round) {
    wait_until_evaluated(world.Append());
    ASSERT_TRUE(workflows.Enable(world.workflow_id, "", absl::InfiniteFuture()).ok());
    expected.push_back(world.Append());
    wait_until_evaluated(expected.back());
    ASSERT_TRUE(workflows.Disable(world.workflow_id, "", absl::InfiniteFuture()).ok());
  }
  ASSERT_TRUE(workflows.Enable(world.workflow_id, "", absl::InfiniteFuture()).ok());
  expected.push_back(world.Append());

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, expected.back()));
  EXPECT_EQ(world.DeliveredPositions(), expected);
}

TEST(PartitionRunnerTest, StopsWhileItWaitsForEvents) {
  World world;
  auto runner = world.StartRunner();
  while (world.events.subscriptions() == 0) std::this_thread::yield();

  runner->RequestStop();
  runner.reset();

  EXPECT_EQ(world.events.subscriptions(), 0);
}

TEST(PartitionRunnerTest, WhatACommunityMayNotBeSentYetIsHandedOverForLater) {
  World world;
  world.rate_per_second = 2;
  world.EnableFrom(0);
  for (int i = 0; i < 4; ++i) world.Append();

  const auto runner = world.StartRunner();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 4));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(1, 2, 3, 4));
  const auto messages = world.deliveries.messages();
  EXPECT_FALSE(messages[1].targets(0).has_not_before());
  EXPECT_EQ(api::FromProto(messages[2].targets(0).not_before()),
            world.clock.Now() + absl::Milliseconds(500));
  EXPECT_EQ(api::FromProto(messages[3].targets(0).not_before()),
            world.clock.Now() + absl::Seconds(1));
}

// Enqueue() waits until it is let go.
class SlowSink : public FakeDeliverySink {
 public:
  absl::StatusOr<int64_t> Enqueue(absl::string_view producer, int64_t expected_position,
                                  Batch batch, absl::Time deadline) override {
    if (!began.HasBeenNotified()) began.Notify();
    proceed.WaitForNotification();
    return FakeDeliverySink::Enqueue(producer, expected_position, std::move(batch), deadline);
  }

  absl::Notification began;
  absl::Notification proceed;
};

TEST(PartitionRunnerTest, FinishesTheCallInFlightBeforeItStops) {
  World world;
  world.options.batch_limits.max_messages = 1;
  SlowSink sink;
  world.EnableFrom(0);
  world.Append();
  world.Append();
  {
    PartitionRunner runner(0, world.PartsWith(world.events, sink), world.options, 1);
    sink.began.WaitForNotification();

    runner.RequestStop();
    EXPECT_FALSE(runner.stopped());
    sink.proceed.Notify();
  }

  EXPECT_EQ(sink.messages().size(), 1u) << "the first call is finished, a second is not begun";
  EXPECT_EQ(*sink.Position(kProducer, absl::InfiniteFuture()), 1);
}

}  // namespace
}  // namespace crier::evaluator
