#include "services/evaluator/domain/partitions/partition_runner.h"

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/api/time.h"
#include "common/base/cond_var.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/fakes/fake_cap_store.h"
#include "services/evaluator/domain/fakes/fake_delivery_sink.h"
#include "services/evaluator/domain/fakes/fake_event_source.h"
#include "services/evaluator/domain/fakes/fake_member_ledger.h"
#include "services/evaluator/domain/fakes/fake_pace_store.h"
#include "services/evaluator/domain/fakes/fake_workflow_store.h"
#include "services/evaluator/domain/management/workflows.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kCommunity = 1;
constexpr int64_t kWebhook = 5;
constexpr char kProducer[] = "evaluator/log-partitions/0";

// Lets calls fail at random, the same ones for the same seed as far as threads allow.
class RandomFaults {
 public:
  RandomFaults(uint64_t seed, double rate) : random_(seed), rate_(rate) {}

  Faults AsFaults() {
    return [this] { return Next(); };
  }

 private:
  Fault Next() {
    absl::MutexLock lock(&mutex_);
    if (std::uniform_real_distribution<double>(0, 1)(random_) >= rate_) return Fault::kNone;
    return random_() % 2 == 0 ? Fault::kBefore : Fault::kAfter;
  }

  absl::Mutex mutex_;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
  const double rate_;
};

// Lets calls fail while it is on, and tells when some have.
class Outage {
 public:
  Faults AsFaults() {
    return [this] { return Next(); };
  }

  void Begin() {
    absl::MutexLock lock(&mutex_);
    on_ = true;
    calls_ = 0;
  }

  void End() {
    absl::MutexLock lock(&mutex_);
    on_ = false;
  }

  void WaitForCalls(int calls) {
    absl::MutexLock lock(&mutex_);
    while (calls_ < calls) called_.Wait(&mutex_);
  }

 private:
  Fault Next() {
    absl::MutexLock lock(&mutex_);
    ++calls_;
    called_.SignalAll();
    return on_ ? Fault::kBefore : Fault::kNone;
  }

  absl::Mutex mutex_;
  CondVar called_;
  bool on_ ABSL_GUARDED_BY(mutex_) = false;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One log partition with everything around it. The workflow fires for found contacts.
class World {
 public:
  explicit World(Faults faults = nullptr)
      : store(faults), events(1, faults), deliveries(faults), metrics(registry) {
    options.min_backoff = absl::Microseconds(10);
    options.max_backoff = absl::Microseconds(100);
    const NewWorkflow workflow = {kCommunity, "name", Template::kNewMember, kWebhook, "", ""};
    workflow_id = store.Create(workflow, clock.Now(), absl::InfiniteFuture())->id;
  }

  std::unique_ptr<PartitionRunner> StartRunner(uint64_t seed = 1) {
    return std::make_unique<PartitionRunner>(0, Parts(), options, seed);
  }

  RunnerParts Parts() { return PartsWith(events, deliveries); }

  RunnerParts PartsWith(EventSource& source, DeliverySink& sink) {
    if (rate == nullptr) rate = std::make_unique<SendRate>(rate_per_second);
    return {store, source, sink, members, caps, paces, *rate, clock, metrics};
  }

  // The workflow fires for every position after `from_position`.
  void EnableFrom(int64_t from_position) {
    ASSERT_TRUE(store
                    .Change(
                        workflow_id, {0, from_position},
                        [](Workflow& workflow) {
                          workflow.state = State::kEnabled;
                          return absl::OkStatus();
                        },
                        absl::InfiniteFuture())
                    .ok());
  }

  int64_t Append(Event::Kind kind = Event::CONTACT_FOUND) {
    Event event;
    event.set_community_id(kCommunity);
    event.set_kind(kind);
    event.mutable_contact();
    return events.Append(event);
  }

  // The positions of what the delivery service has stored, in the order of storing.
  std::vector<int64_t> DeliveredPositions() const {
    std::vector<int64_t> positions;
    for (const auto& message : deliveries.messages()) {
      positions.push_back(message.event().position());
    }
    return positions;
  }

  FakeClock clock{absl::FromUnixSeconds(1'681'726'886)};
  FakeWorkflowStore store;
  FakeEventSource events;
  FakeDeliverySink deliveries;
  FakeMemberLedger members;
  FakeCapStore caps;
  FakePaceStore paces;
  int64_t rate_per_second = 0;
  std::unique_ptr<SendRate> rate;
  metrics::Registry registry;
  EvaluatorMetrics metrics;
  RunnerOptions options;
  WorkflowId workflow_id;
};

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
    ASSERT_TRUE(workflows.Enable(world.workflow_id, absl::InfiniteFuture()).ok());
    expected.push_back(world.Append());
    wait_until_evaluated(expected.back());
    ASSERT_TRUE(workflows.Disable(world.workflow_id, absl::InfiniteFuture()).ok());
  }
  ASSERT_TRUE(workflows.Enable(world.workflow_id, absl::InfiniteFuture()).ok());
  expected.push_back(world.Append());

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, expected.back()));
  EXPECT_EQ(world.DeliveredPositions(), expected);
}

// Every call of every kind fails now and then, with and without having taken effect; meanwhile
// events arrive and streams break. `runners` work on the partition at once, as they do when a lease
// has changed hands and the old owner does not know it yet.
void ExpectExactlyOnceUnderFaults(int runners) {
  constexpr int kEvents = 2'000;
  const int seed = testing::UnitTest::GetInstance()->random_seed();
  SCOPED_TRACE(seed);
  RandomFaults faults(seed, 0.2);
  World world(faults.AsFaults());
  world.options.batch_limits.max_messages = 3;
  world.options.max_unconfirmed_events = 20;
  world.EnableFrom(100);
  std::mt19937 random(seed);
  std::vector<int64_t> expected;
  const auto append = [&](Event::Kind kind) {
    const int64_t position = world.Append(kind);
    if (kind == Event::CONTACT_FOUND && position > 100) expected.push_back(position);
  };

  {
    std::vector<std::unique_ptr<PartitionRunner>> running;
    for (int i = 0; i < runners; ++i) running.push_back(world.StartRunner(seed + i));
    for (int i = 1; i < kEvents; ++i) {
      append(random() % 3 == 0 ? Event::CONTACT_UPDATED : Event::CONTACT_FOUND);
      if (random() % 50 == 0) world.events.SetFrameSize(1 + static_cast<int>(random() % 9));
      if (random() % 100 == 0) world.events.Disconnect();
      if (random() % 200 == 0) running[random() % running.size()] = world.StartRunner(random());
    }
    append(Event::CONTACT_FOUND);
    ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, kEvents));
  }

  EXPECT_EQ(world.DeliveredPositions(), expected);
  EXPECT_GT(world.metrics.interruptions.Value(), 20) << "the test has lost its teeth";
  EXPECT_EQ(world.events.subscriptions(), 0);
  EXPECT_EQ(world.metrics.interrupted_log_partitions.Value(), 0);
}

TEST(PartitionRunnerTest, HandsOverExactlyOnceWhateverFails) { ExpectExactlyOnceUnderFaults(1); }

TEST(PartitionRunnerTest, TwoRunnersOfAPartitionHandOverExactlyOnce) {
  ExpectExactlyOnceUnderFaults(2);
}

TEST(PartitionRunnerTest, AnOutageShowsUntilItIsOver) {
  Outage outage;
  World world(outage.AsFaults());
  world.EnableFrom(0);
  outage.Begin();
  world.Append();
  const auto runner = world.StartRunner();

  outage.WaitForCalls(3);
  EXPECT_EQ(world.metrics.interrupted_log_partitions.Value(), 1);
  EXPECT_GE(world.metrics.interruptions.Value(), 2);
  EXPECT_EQ(runner->position(), -1);

  outage.End();
  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 1));
  while (world.metrics.interrupted_log_partitions.Value() != 0) std::this_thread::yield();
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(1));
}

TEST(PartitionRunnerTest, EventsThatRanOutOfTheLogAreCountedAndSkipped) {
  World world;
  world.EnableFrom(0);
  for (int i = 0; i < 5; ++i) world.Append();
  world.events.Trim(0, 4);

  const auto runner = world.StartRunner();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 5));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(4, 5));
  EXPECT_EQ(world.metrics.lost_events.Value(), 3);
}

TEST(PartitionRunnerTest, EventsThatRanOutUnwantedAreNotLost) {
  World world;
  for (int i = 0; i < 5; ++i) world.Append();
  world.EnableFrom(3);
  world.events.Trim(0, 4);

  const auto runner = world.StartRunner();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 5));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(4, 5));
  EXPECT_EQ(world.metrics.lost_events.Value(), 0);
}

TEST(PartitionRunnerTest, APositionBeyondTheHeadStopsTheHandOver) {
  Outage calls;  // counts, and lets nothing fail
  World world(calls.AsFaults());
  world.EnableFrom(0);
  world.Append();
  world.deliveries.MoveProducer(kProducer, 10);

  const auto runner = world.StartRunner();

  calls.WaitForCalls(20);
  EXPECT_EQ(world.metrics.interrupted_log_partitions.Value(), 1);
  EXPECT_EQ(world.deliveries.enqueues(), 0);
}

// Says that it has dropped what is asked for, and that the log begins with that.
class ContradictorySource : public FakeEventSource {
 public:
  std::unique_ptr<EventSubscription> Subscribe(int32_t, int64_t after_position) override {
    return std::make_unique<Subscription>(after_position + 1);
  }

 private:
  class Subscription : public EventSubscription {
   public:
    explicit Subscription(int64_t next) : next_(next) {}
    absl::StatusOr<std::optional<Frame>> Next(absl::Duration) override {
      return NamedError(absl::StatusCode::kOutOfRange, "POSITION_NOT_KEPT", "",
                        {{"first_kept_position", absl::StrCat(next_)}});
    }
    void Cancel() override {}

   private:
    const int64_t next_;
  };
};

TEST(PartitionRunnerTest, ALogThatContradictsItselfMovesNobody) {
  World world;
  ContradictorySource source;
  world.deliveries.MoveProducer(kProducer, 5);

  PartitionRunner runner(0, world.PartsWith(source, world.deliveries), world.options, 1);

  while (world.metrics.interruptions.Value() < 3) std::this_thread::yield();
  EXPECT_EQ(world.deliveries.enqueues(), 0);
}

// Leaves one event out of the first frame.
class GappySource : public FakeEventSource {
 public:
  std::unique_ptr<EventSubscription> Subscribe(int32_t log_partition,
                                               int64_t after_position) override {
    const bool skip = !skipped_.exchange(true);
    return FakeEventSource::Subscribe(log_partition, skip ? after_position + 1 : after_position);
  }

 private:
  std::atomic<bool> skipped_ = false;
};

TEST(PartitionRunnerTest, AGapInTheLogIsNoticedAndReadAgain) {
  World world;
  GappySource source;
  world.EnableFrom(0);
  Event event;
  event.set_community_id(kCommunity);
  event.set_kind(Event::CONTACT_FOUND);
  event.mutable_contact();
  source.Append(event);
  source.Append(event);

  PartitionRunner runner(0, world.PartsWith(source, world.deliveries), world.options, 1);

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 2));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(1, 2));
  EXPECT_EQ(world.metrics.interruptions.Value(), 1);
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
