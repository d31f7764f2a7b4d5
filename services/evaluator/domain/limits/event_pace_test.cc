#include "services/evaluator/domain/limits/event_pace.h"

#include <memory>
#include <vector>

#include "common/api/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/fakes/fake_pace_store.h"
#include "services/evaluator/domain/limits/pace_store_conformance.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::unique_ptr<PaceStore> MakeFake() { return std::make_unique<FakePaceStore>(); }

INSTANTIATE_TEST_SUITE_P(Fake, PaceStoreConformance, testing::Values(&MakeFake));

constexpr int32_t kPartition = 3;

absl::Time Deadline() { return absl::InfiniteFuture(); }

// Two deliveries a second, and two at once.
class EventPaceTest : public testing::Test {
 protected:
  // A process that evaluates, with buckets of its own.
  struct Replica {
    explicit Replica(EventPaceTest& test) : pace(kPartition, test.store_, rate, test.clock_) {}

    SendRate rate{2};
    EventPace pace;
  };

  static Messages Events(int count, int64_t community = 1) {
    Messages messages;
    for (int i = 0; i < count; ++i) {
      auto& message = *messages.Add();
      message.mutable_event()->set_community_id(community);
      message.add_targets();
    }
    return messages;
  }

  // How long each delivery waits.
  std::vector<absl::Duration> Waits(const Messages& messages) const {
    std::vector<absl::Duration> waits;
    for (const auto& message : messages) {
      for (const auto& target : message.targets()) {
        waits.push_back(target.has_not_before() ? api::FromProto(target.not_before()) - clock_.Now()
                                                : absl::ZeroDuration());
      }
    }
    return waits;
  }

  std::vector<absl::Duration> Apply(Replica& replica, int64_t confirmed, Messages messages) {
    EXPECT_TRUE(replica.pace.Apply(confirmed, messages, Deadline()).ok());
    return Waits(messages);
  }

  static absl::Duration Half(int count) { return count * absl::Milliseconds(500); }

  FakeClock clock_{absl::FromUnixSeconds(1'767'268'800)};
  FakePaceStore store_;
};

TEST_F(EventPaceTest, WhatExceedsTheRateIsDueLaterInItsOrder) {
  Replica replica(*this);
  ASSERT_TRUE(replica.pace.Begin(0, Deadline()).ok());
  Messages messages = Events(4);
  messages.MergeFrom(Events(2, /*community=*/2));
  messages.MergeFrom(Events(1));

  const auto held = replica.pace.Apply(0, messages, Deadline());

  EXPECT_EQ(*held, 3);
  EXPECT_THAT(Waits(messages),
              ElementsAre(Half(0), Half(0), Half(1), Half(2), Half(0), Half(0), Half(3)));
  EXPECT_THAT(*store_.Load(kPartition, clock_.Now(), Deadline()), SizeIs(1))
      << "of the community that waits";
}

TEST_F(EventPaceTest, TargetsOfOneEventCountEach) {
  Replica replica(*this);
  Messages messages = Events(1);
  for (int i = 0; i < 3; ++i) messages[0].add_targets();
  *messages[0].mutable_targets(1)->mutable_not_before() = api::ToProto(clock_.Now() + Half(9));

  EXPECT_THAT(Apply(replica, 0, messages), ElementsAre(Half(0), Half(9), Half(0), Half(1)))
      << "one is held already, by the cap of a day";
}

TEST_F(EventPaceTest, TheRateHoldsAfterACrash) {
  {
    Replica replica(*this);
    Apply(replica, 0, Events(6));
    replica.pace.HandedOver();
  }

  Replica next(*this);
  ASSERT_TRUE(next.pace.Begin(6, Deadline()).ok());

  EXPECT_THAT(Apply(next, 6, Events(1)), ElementsAre(Half(5)));
}

TEST_F(EventPaceTest, AClockThatIsSetBackMeanwhileProlongsNothing) {
  {
    Replica replica(*this);
    Apply(replica, 0, Events(6));
    replica.pace.HandedOver();
  }
  clock_.Step(-absl::Minutes(30));

  Replica next(*this);
  ASSERT_TRUE(next.pace.Begin(6, Deadline()).ok());

  EXPECT_THAT(Apply(next, 6, Events(1)), ElementsAre(Half(5)));
}

TEST_F(EventPaceTest, ACrashBeforeTheHandOverLeavesNoHole) {
  {
    Replica replica(*this);
    Apply(replica, 0, Events(4));
    replica.pace.HandedOver();
    Apply(replica, 4, Events(3));
  }

  Replica next(*this);
  ASSERT_TRUE(next.pace.Begin(4, Deadline()).ok());

  EXPECT_THAT(Apply(next, 4, Events(3)), ElementsAre(Half(3), Half(4), Half(5)));
}

TEST_F(EventPaceTest, AHandOverThatFailsAgainAndAgainTakesNothing) {
  Replica replica(*this);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(replica.pace.Begin(0, Deadline()).ok());
    EXPECT_THAT(Apply(replica, 0, Events(3)), ElementsAre(Half(0), Half(0), Half(1)));
  }
}

TEST_F(EventPaceTest, RunsWaitForWhatEventsHavePutOff) {
  Replica replica(*this);
  Apply(replica, 0, Events(6));
  replica.pace.HandedOver();

  EXPECT_EQ(replica.rate.Allowance(1, clock_.Monotonic()), 0);
  EXPECT_EQ(replica.rate.UntilFull(1, clock_.Monotonic()), Half(6));
}

TEST_F(EventPaceTest, WithoutALimitNothingWaits) {
  SendRate unlimited(0);
  EventPace pace(kPartition, store_, unlimited, clock_);
  Messages messages = Events(1'000);

  EXPECT_EQ(*pace.Apply(0, messages, Deadline()), 0);

  EXPECT_THAT(*store_.Load(kPartition, absl::InfinitePast(), Deadline()), IsEmpty());
}

}  // namespace
}  // namespace crier::evaluator
