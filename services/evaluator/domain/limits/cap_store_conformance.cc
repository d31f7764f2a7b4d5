#include "services/evaluator/domain/limits/cap_store_conformance.h"

#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;

const absl::Time kDay = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01T00:00:00Z
const absl::Time kAtOnce = absl::InfinitePast();

absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

CappedMatches Matches(int64_t workflow, const std::vector<int64_t>& positions, int64_t cap,
                      absl::Time day = kDay) {
  CappedMatches matches = {{1, workflow}, "UTC", cap, {}};
  for (const int64_t position : positions) matches.matches.push_back({position, day});
  return matches;
}

TEST_P(CapStoreConformance, CountsOnAcrossCalls) {
  const absl::Time second = kDay + absl::Hours(24);
  const absl::Time third = kDay + absl::Hours(48);

  EXPECT_THAT(*store_->Count({Matches(1, {1, 2, 3}, 2), Matches(2, {2}, 1)}, 0,
                             absl::ZeroDuration(), Deadline()),
              ElementsAre(ElementsAre(kAtOnce, kAtOnce, second), ElementsAre(kAtOnce)));
  EXPECT_THAT(*store_->Count({Matches(1, {5, 6}, 2)}, 3, absl::Milliseconds(500), Deadline()),
              ElementsAre(ElementsAre(second + absl::Milliseconds(500), third)));
}

TEST_P(CapStoreConformance, DecidesOnWhatComesAgainAsBefore) {
  const CappedMatches matches = Matches(1, {1, 2, 3, 4}, 1);
  const auto first = store_->Count({matches}, 0, absl::Seconds(1), Deadline());
  ASSERT_TRUE(first.ok()) << first.status();

  EXPECT_EQ(*store_->Count({matches}, 0, absl::Seconds(1), Deadline()), *first);
  EXPECT_THAT(*store_->Count({Matches(1, {3, 5}, 9)}, 2, absl::ZeroDuration(), Deadline()),
              ElementsAre(ElementsAre((*first)[0][2], kDay + absl::Hours(72))));
}

TEST_P(CapStoreConformance, KnowsOfEveryDayWhetherItIsFilled) {
  const absl::Time far_ahead = kDay + absl::Hours(24 * 9);
  ASSERT_TRUE(
      store_->Count({Matches(1, {1}, 2, far_ahead)}, 0, absl::ZeroDuration(), Deadline()).ok());

  EXPECT_THAT(
      *store_->Count({Matches(1, {2, 3, 4, 5}, 2)}, 1, absl::ZeroDuration(), Deadline()),
      ElementsAre(ElementsAre(kAtOnce, kAtOnce, kDay + absl::Hours(24), kDay + absl::Hours(24))));
  EXPECT_THAT(*store_->Count({Matches(1, {6}, 2)}, 5, absl::ZeroDuration(), Deadline()),
              ElementsAre(ElementsAre(kDay + absl::Hours(48))));
}

TEST_P(CapStoreConformance, SuppressesBeyondAMonth) {
  std::vector<int64_t> positions;
  for (int64_t i = 1; i <= 40; ++i) positions.push_back(i);

  const auto due = store_->Count({Matches(1, positions, 1)}, 0, absl::ZeroDuration(), Deadline());

  ASSERT_TRUE(due.ok()) << due.status();
  EXPECT_EQ((*due)[0][31], kDay + absl::Hours(24 * 31));
  EXPECT_EQ((*due)[0][32], absl::InfiniteFuture());
  EXPECT_THAT(*store_->Count({Matches(1, {39, 40}, 1)}, 0, absl::ZeroDuration(), Deadline()),
              ElementsAre(ElementsAre(absl::InfiniteFuture(), absl::InfiniteFuture())));
}

}  // namespace
}  // namespace crier::evaluator
