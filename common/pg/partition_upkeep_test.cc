#include "common/pg/partition_upkeep.h"

#include "gtest/gtest.h"

namespace crier::pg {
namespace {

class PartitionUpkeepTest : public testing::Test {
 protected:
  FakeClock clock_{absl::FromUnixSeconds(1'767'268'800)};  // noon
  PartitionUpkeep upkeep_{clock_};
};

TEST_F(PartitionUpkeepTest, IsDueAtFirstAndEveryHour) {
  EXPECT_TRUE(upkeep_.IsDue());
  upkeep_.Done(clock_.Now());

  clock_.Advance(absl::Minutes(59));
  EXPECT_FALSE(upkeep_.IsDue());
  clock_.Advance(absl::Minutes(1));
  EXPECT_TRUE(upkeep_.IsDue());
}

TEST_F(PartitionUpkeepTest, MidnightIsNothingSpecial) {
  clock_.Advance(absl::Hours(12) - absl::Minutes(1));
  upkeep_.Done(clock_.Now());

  clock_.Advance(absl::Minutes(2));

  EXPECT_FALSE(upkeep_.IsDue());
}

TEST_F(PartitionUpkeepTest, IsDueWhenTheMachineHasSlept) {
  upkeep_.Done(clock_.Now());

  clock_.Step(absl::Hours(36));

  EXPECT_TRUE(upkeep_.IsDue());
  upkeep_.Done(clock_.Now());
  EXPECT_FALSE(upkeep_.IsDue());
}

TEST_F(PartitionUpkeepTest, IsDueWhenTheClockIsSetBack) {
  upkeep_.Done(clock_.Now());

  clock_.Step(-absl::Hours(13));

  EXPECT_TRUE(upkeep_.IsDue());
}

}  // namespace
}  // namespace crier::pg
