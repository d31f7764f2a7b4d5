#include "common/pg/partition_upkeep.h"

#include "gtest/gtest.h"

namespace crier::pg {
namespace {

class PartitionUpkeepTest : public testing::Test {
 protected:
  // Whether the upkeep has maintained when it was its turn.
  bool Runs() {
    const int before = runs_;
    upkeep_.Run();
    return runs_ > before;
  }

  FakeClock clock_{absl::FromUnixSeconds(1'767'268'800)};  // noon
  absl::Status status_;
  int runs_ = 0;
  PartitionUpkeep upkeep_{"test", clock_, [this](absl::Time now, absl::Time) {
                            EXPECT_EQ(now, clock_.Now());
                            ++runs_;
                            return status_;
                          }};
};

TEST_F(PartitionUpkeepTest, RunsAtFirstAndEveryHour) {
  EXPECT_TRUE(Runs());

  clock_.Advance(absl::Minutes(59));
  EXPECT_FALSE(Runs());
  clock_.Advance(absl::Minutes(1));
  EXPECT_TRUE(Runs());
}

TEST_F(PartitionUpkeepTest, MidnightIsNothingSpecial) {
  clock_.Advance(absl::Hours(12) - absl::Minutes(1));
  EXPECT_TRUE(Runs());

  clock_.Advance(absl::Minutes(2));

  EXPECT_FALSE(Runs());
}

TEST_F(PartitionUpkeepTest, RunsWhenTheMachineHasSlept) {
  EXPECT_TRUE(Runs());

  clock_.Step(absl::Hours(36));

  EXPECT_TRUE(Runs());
  EXPECT_FALSE(Runs());
}

TEST_F(PartitionUpkeepTest, RunsWhenTheClockIsSetBack) {
  EXPECT_TRUE(Runs());

  clock_.Step(-absl::Hours(13));

  EXPECT_TRUE(Runs());
}

TEST_F(PartitionUpkeepTest, GoesOnTryingUntilItSucceeds) {
  status_ = absl::UnavailableError("away");
  EXPECT_TRUE(Runs());
  EXPECT_TRUE(Runs());
  EXPECT_FALSE(upkeep_.has_run());

  status_ = absl::OkStatus();
  EXPECT_TRUE(Runs());

  EXPECT_TRUE(upkeep_.has_run());
  EXPECT_FALSE(Runs());
}

TEST_F(PartitionUpkeepTest, WhatWasDoneAtOnceIsNotDue) {
  EXPECT_EQ(upkeep_.RunNow(absl::InfiniteFuture()), absl::OkStatus());

  EXPECT_TRUE(upkeep_.has_run());
  EXPECT_FALSE(Runs());
}

}  // namespace
}  // namespace crier::pg
