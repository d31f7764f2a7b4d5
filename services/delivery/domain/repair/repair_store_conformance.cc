#include "services/delivery/domain/repair/repair_store_conformance.h"

#include <vector>

#include "absl/time/clock.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"

namespace crier::delivery {
namespace {

using testing::ElementsAre;

const absl::Time kNow = absl::FromUnixMicros(1700000000123456);

// Only a test that hangs will reach it.
absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

}  // namespace

Recovery RepairStoreConformance::Start(int64_t community, const std::string& request_id) {
  Recovery recovery;
  recovery.community = community;
  recovery.created_from = kNow - absl::Hours(2);
  recovery.created_before = kNow - absl::Hours(1);
  recovery.create_time = kNow;
  const auto started = store_.StartRecovery(recovery, request_id, Deadline());
  EXPECT_TRUE(started.ok()) << started.status();
  return started.value_or(Recovery());
}

TEST_P(RepairStoreConformance, ARecoveryRunsFromItsStart) {
  const Recovery started = Start(7);

  const auto read = store_.GetRecovery(7, started.id, Deadline());

  ASSERT_TRUE(read.ok()) << read.status();
  for (const Recovery& recovery : {started, *read}) {
    EXPECT_GT(recovery.id, 0);
    EXPECT_EQ(recovery.community, 7);
    EXPECT_EQ(recovery.webhook, std::nullopt);
    EXPECT_EQ(recovery.state, RecoveryState::kRunning);
    EXPECT_EQ(recovery.recovered, 0);
    EXPECT_EQ(recovery.created_from, kNow - absl::Hours(2));
    EXPECT_EQ(recovery.created_before, kNow - absl::Hours(1));
    EXPECT_EQ(recovery.create_time, kNow);
    EXPECT_EQ(recovery.end_time, std::nullopt);
  }
}

TEST_P(RepairStoreConformance, ARequestIdBeginsOneRecoveryOfACommunity) {
  const Recovery first = Start(7, "once");

  EXPECT_EQ(Start(7, "once").id, first.id);
  EXPECT_NE(Start(7, "twice").id, first.id);
  EXPECT_NE(Start(7).id, Start(7).id);
  EXPECT_NE(Start(8, "once").id, first.id);
}

TEST_P(RepairStoreConformance, ListsThoseOfACommunityTheNewestFirst) {
  const int64_t first = Start(7).id;
  const int64_t second = Start(7).id;
  const int64_t third = Start(7).id;
  Start(8);
  const auto list = [&](int64_t before, int limit) {
    const auto found = store_.ListRecoveries(7, before, limit, Deadline());
    std::vector<int64_t> ids;
    for (const Recovery& recovery : *found) ids.push_back(recovery.id);
    return ids;
  };

  EXPECT_THAT(list(third + 100, 10), ElementsAre(third, second, first));
  EXPECT_THAT(list(third, 1), ElementsAre(second));
}

TEST_P(RepairStoreConformance, CancelEndsARecoveryOnce) {
  const int64_t id = Start(7).id;

  const auto cancelled = store_.CancelRecovery(7, id, Deadline());
  const auto again = store_.CancelRecovery(7, id, Deadline());

  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state, RecoveryState::kCancelled);
  EXPECT_NE(cancelled->end_time, std::nullopt);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->end_time, cancelled->end_time);
  EXPECT_EQ(store_.GetRecovery(7, id, Deadline())->state, RecoveryState::kCancelled);
}

TEST_P(RepairStoreConformance, AnotherCommunitysRecoveryIsNotFound) {
  const int64_t id = Start(7).id;

  EXPECT_EQ(ErrorReason(store_.GetRecovery(8, id, Deadline()).status()), "RECOVERY_NOT_FOUND");
  EXPECT_EQ(ErrorReason(store_.CancelRecovery(8, id, Deadline()).status()), "RECOVERY_NOT_FOUND");
  EXPECT_EQ(store_.GetRecovery(7, id, Deadline())->state, RecoveryState::kRunning);
}

TEST_P(RepairStoreConformance, AStepFindsNothingWhereNothingRuns) {
  const auto step = store_.StepRecovery(10, kNow, Deadline());

  ASSERT_TRUE(step.ok()) << step.status();
  EXPECT_FALSE(step->found);
}

}  // namespace crier::delivery
