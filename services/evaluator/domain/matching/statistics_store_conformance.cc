#include "services/evaluator/domain/matching/statistics_store_conformance.h"

#include <optional>

#include "absl/time/clock.h"
#include "gmock/gmock.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;

const absl::Time kTime = absl::FromUnixMicros(1'681'726'886'978'123);

absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

TEST_P(StatisticsStoreConformance, AWorkflowThatNeverFiredHasZeros) {
  EXPECT_THAT(*store_->Get({{1, 1}, {1, 2}}, Deadline()), ElementsAre(Statistics(), Statistics()));
  EXPECT_TRUE(store_->Get({}, Deadline())->empty());
}

TEST_P(StatisticsStoreConformance, AddsUpAndKeepsTheLatestTime) {
  ASSERT_TRUE(store_->Add({{{1, 1}, {2, 1, kTime}}, {{2, 1}, {5, 5, kTime}}}, Deadline()).ok());
  ASSERT_TRUE(store_->Add({{{1, 1}, {3, 3, kTime - absl::Hours(1)}}}, Deadline()).ok());
  ASSERT_TRUE(store_->Add({}, Deadline()).ok());

  EXPECT_THAT(*store_->Get({{2, 1}, {1, 1}, {1, 2}}, Deadline()),
              ElementsAre(Statistics{5, 5, kTime}, Statistics{5, 4, kTime}, Statistics()));
}

TEST_P(StatisticsStoreConformance, ALaterTimeTakesTheEarliersPlace) {
  ASSERT_TRUE(store_->Add({{{1, 1}, {1, 1, kTime}}}, Deadline()).ok());
  ASSERT_TRUE(store_->Add({{{1, 1}, {1, 1, kTime + absl::Hours(1)}}}, Deadline()).ok());

  EXPECT_THAT(*store_->Get({{1, 1}}, Deadline()),
              ElementsAre(Statistics{2, 2, kTime + absl::Hours(1)}));
}

}  // namespace
}  // namespace crier::evaluator
