// What a runner makes of calls that fail, and of a log that is not as it should be.
#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/cond_var.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/evaluator/domain/partitions/partition_runner_test.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;
using testing::ElementsAre;

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

TEST(PartitionRunnerFaultsTest, HandsOverExactlyOnceWhateverFails) {
  ExpectExactlyOnceUnderFaults(1);
}

TEST(PartitionRunnerFaultsTest, TwoRunnersOfAPartitionHandOverExactlyOnce) {
  ExpectExactlyOnceUnderFaults(2);
}

TEST(PartitionRunnerFaultsTest, AnOutageShowsUntilItIsOver) {
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

TEST(PartitionRunnerFaultsTest, EventsThatRanOutOfTheLogAreCountedAndSkipped) {
  World world;
  world.EnableFrom(0);
  for (int i = 0; i < 5; ++i) world.Append();
  world.events.Trim(0, 4);

  const auto runner = world.StartRunner();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 5));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(4, 5));
  EXPECT_EQ(world.metrics.lost_events.Value(), 3);
}

TEST(PartitionRunnerFaultsTest, EventsThatRanOutUnwantedAreNotLost) {
  World world;
  for (int i = 0; i < 5; ++i) world.Append();
  world.EnableFrom(3);
  world.events.Trim(0, 4);

  const auto runner = world.StartRunner();

  ASSERT_TRUE(world.deliveries.WaitForPosition(kProducer, 5));
  EXPECT_THAT(world.DeliveredPositions(), ElementsAre(4, 5));
  EXPECT_EQ(world.metrics.lost_events.Value(), 0);
}

TEST(PartitionRunnerFaultsTest, APositionBeyondTheHeadStopsTheHandOver) {
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

TEST(PartitionRunnerFaultsTest, ALogThatContradictsItselfMovesNobody) {
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

TEST(PartitionRunnerFaultsTest, AGapInTheLogIsNoticedAndReadAgain) {
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

}  // namespace
}  // namespace crier::evaluator
