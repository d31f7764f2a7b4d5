#include "services/evaluator/domain/limits/event_caps.h"

#include <memory>
#include <vector>

#include "common/api/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/fakes/fake_cap_store.h"
#include "services/evaluator/domain/limits/cap_store_conformance.h"
#include "services/evaluator/domain/workflows/daily_schedule.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;
using testing::Pair;

const absl::Time kNoon = absl::FromUnixSeconds(1'767'268'800);  // 2026-01-01T12:00:00Z

const absl::Time kAtOnce = absl::InfinitePast();
constexpr char kZone[] = "Europe/Berlin";

std::unique_ptr<CapStore> MakeFake() { return std::make_unique<FakeCapStore>(); }

INSTANTIATE_TEST_SUITE_P(Fake, CapStoreConformance, testing::Values(&MakeFake));

// When the local day of noon began, or one of those after it.
absl::Time Day(int after = 0) { return LocalDay(kZone, kNoon + after * absl::Hours(24)).begin; }

CappedMatches Matches(const std::vector<int64_t>& positions, int64_t cap = 3,
                      absl::Time day = Day()) {
  CappedMatches matches = {{1, 2}, kZone, cap, {}};
  for (const int64_t position : positions) matches.matches.push_back({position, day});
  return matches;
}

std::vector<absl::Time> Count(const CappedMatches& matches, int64_t confirmed, CapLedger& ledger) {
  return BookMatches(matches, confirmed, absl::ZeroDuration(), ledger);
}

TEST(BookMatchesTest, PutsOffWhatIsBeyondTheDayToTheNext) {
  CapLedger ledger;

  EXPECT_THAT(Count(Matches({4, 6}), 0, ledger), ElementsAre(kAtOnce, kAtOnce));
  EXPECT_THAT(Count(Matches({7, 9, 12}), 6, ledger), ElementsAre(kAtOnce, Day(1), Day(1)));

  EXPECT_EQ(ledger.days[Day()].released, 3);
  EXPECT_EQ(ledger.days[Day(1)].released, 2);
}

TEST(BookMatchesTest, DaysFillUpInTheOrderOfEvents) {
  CapLedger ledger;
  Count(Matches({1, 2, 3}, 2), 0, ledger);

  EXPECT_THAT(Count(Matches({4, 5}, 2, Day(1)), 0, ledger), ElementsAre(kAtOnce, Day(2)))
      << "3 and 4 are of the second day";
  EXPECT_THAT(Count(Matches({6}, 2, Day(9)), 0, ledger), ElementsAre(kAtOnce));
}

TEST(BookMatchesTest, ClocksGoBackAndForward) {
  const absl::Time saturday = absl::FromUnixSeconds(1'774'652'400);  // 2026-03-28, in Berlin
  CapLedger ledger;

  EXPECT_THAT(Count(Matches({1, 2, 3}, 1, saturday), 0, ledger),
              ElementsAre(kAtOnce, saturday + absl::Hours(24), saturday + absl::Hours(47)));
}

TEST(BookMatchesTest, AClockThatWasAheadHoldsNothingUp) {
  CapLedger ledger;
  Count(Matches({1}, 2, Day()), 0, ledger);
  Count(Matches({2, 3, 4}, 2, Day(9)), 0, ledger);
  ASSERT_EQ(ledger.day, Day(10));

  EXPECT_THAT(Count(Matches({5}, 2), 4, ledger), ElementsAre(kAtOnce))
      << "nothing is to be delivered tomorrow, so today is being filled";
  EXPECT_THAT(Count(Matches({6, 7, 8}, 2), 4, ledger), ElementsAre(Day(1), Day(1), Day(2)));
}

TEST(BookMatchesTest, WhatTomorrowHasOfAClockAheadFillsNothingOfToday) {
  CapLedger ledger;
  Count(Matches({1, 2}, 2, Day(1)), 0, ledger);

  EXPECT_THAT(Count(Matches({3, 4, 5}, 2), 2, ledger), ElementsAre(kAtOnce, kAtOnce, Day(2)));
}

TEST(BookMatchesTest, AnotherTimeZoneKeepsTheOrder) {
  CapLedger ledger;
  Count(Matches({1, 2, 3}, 1), 0, ledger);
  ASSERT_EQ(ledger.day, Day(2));
  CappedMatches moved = Matches({4}, 1, LocalDay("Pacific/Auckland", kNoon).begin);
  moved.time_zone = "Pacific/Auckland";

  EXPECT_THAT(Count(moved, 0, ledger), ElementsAre(LocalDay("Pacific/Auckland", Day(2)).end));
}

TEST(BookMatchesTest, WhatIsPutOffIsSpreadAtTheRate) {
  CapLedger ledger;

  EXPECT_THAT(BookMatches(Matches({1, 2, 3, 4}, 2), 0, absl::Milliseconds(100), ledger),
              ElementsAre(kAtOnce, kAtOnce, Day(1), Day(1) + absl::Milliseconds(100)));
}

TEST(BookMatchesTest, DecidesOnAnEventThatComesAgainAsBefore) {
  CapLedger ledger;
  Count(Matches({1, 2, 3, 4, 5}), 0, ledger);

  EXPECT_THAT(Count(Matches({1, 2}), 0, ledger), ElementsAre(kAtOnce, kAtOnce));
  EXPECT_THAT(Count(Matches({3, 4, 5}), 0, ledger), ElementsAre(kAtOnce, Day(1), Day(1)));
  EXPECT_EQ(ledger.days[Day(1)].released, 2);

  // Also when the cap has been raised since, for which only later events count.
  EXPECT_THAT(Count(Matches({4, 5, 6}, 9), 0, ledger), ElementsAre(Day(1), Day(1), Day(1)));
  EXPECT_EQ(ledger.days[Day(1)].released, 3);
}

TEST(BookMatchesTest, BeyondAMonthNothingIsSent) {
  CapLedger ledger;
  std::vector<int64_t> positions;
  for (int64_t position = 1; position <= 100; ++position) positions.push_back(position);

  const std::vector<absl::Time> due = Count(Matches(positions, 1), 0, ledger);

  EXPECT_THAT(due[31], Day(31));
  EXPECT_THAT(due[32], absl::InfiniteFuture());
  EXPECT_EQ(ledger.days[Day()].suppressed, 68);
  EXPECT_THAT(Count(Matches({101}, 1, Day(1)), 0, ledger), ElementsAre(Day(32)));
}

TEST(BookMatchesTest, ForgetsWhatDoesNotComeAgain) {
  CapLedger ledger;
  Count(Matches({1, 2, 3, 4, 5}, 1), 0, ledger);

  Count(Matches({6}, 1), 4, ledger);

  EXPECT_THAT(ledger.recent, ElementsAre(Pair(5, Day(4)), Pair(6, Day(5))));
}

class ApplyCapsTest : public testing::Test {
 protected:
  static Revision MakeRevision(int64_t workflow, int64_t cap) {
    Revision revision;
    revision.workflow = {1, workflow};
    revision.display_name = "name";
    revision.webhook = 5;
    revision.max_deliveries_per_day = cap;
    revision.time_zone = kZone;
    return revision;
  }

  // A message for the workflows 2 and 3.
  static void AddMessage(int64_t position, absl::Time time, Messages& messages) {
    auto& message = *messages.Add();
    message.mutable_event()->set_community_id(1);
    message.mutable_event()->set_position(position);
    message.mutable_event()->set_kind(entity::v1::Event::CONTACT_FOUND);
    *message.mutable_event()->mutable_accept_time() = api::ToProto(time);
    message.add_targets()->set_workflow("communities/1/workflows/2");
    message.add_targets()->set_workflow("communities/1/workflows/3");
  }

  absl::StatusOr<CapEffect> Apply(const Catalog& catalog, Messages& messages) {
    return ApplyCaps(catalog, 0, absl::ZeroDuration(), store_, messages, absl::InfiniteFuture());
  }

  FakeCapStore store_;
};

TEST_F(ApplyCapsTest, PutsOffTargetsOneByOne) {
  const Catalog catalog(1, {MakeRevision(2, 1), MakeRevision(3, 2)});
  Messages messages;
  for (int64_t position = 1; position <= 3; ++position) AddMessage(position, kNoon, messages);

  const auto effect = Apply(catalog, messages);

  ASSERT_TRUE(effect.ok()) << effect.status();
  EXPECT_EQ(effect->held, 3);
  ASSERT_EQ(messages.size(), 3);
  EXPECT_FALSE(messages[0].targets(0).has_not_before());
  EXPECT_EQ(api::FromProto(messages[1].targets(0).not_before()), Day(1));
  EXPECT_FALSE(messages[1].targets(1).has_not_before());
  EXPECT_EQ(api::FromProto(messages[2].targets(0).not_before()), Day(2));
  EXPECT_EQ(api::FromProto(messages[2].targets(1).not_before()), Day(1));
}

TEST_F(ApplyCapsTest, TakesOutWhatIsNeverSentAndMessagesWithNothingElse) {
  const Catalog catalog(1, {MakeRevision(2, 1), MakeRevision(3, 1)});
  Messages messages;
  for (int64_t position = 1; position <= 40; ++position) AddMessage(position, kNoon, messages);

  const auto effect = Apply(catalog, messages);

  ASSERT_TRUE(effect.ok()) << effect.status();
  EXPECT_EQ(effect->suppressed, 2 * 8);
  EXPECT_EQ(messages.size(), 32);
}

TEST_F(ApplyCapsTest, ADayIsThatOfTheTimeZone) {
  const Catalog catalog(1, {MakeRevision(2, 1), MakeRevision(3, 1)});
  Messages messages;
  AddMessage(1, kNoon + absl::Hours(10), messages);  // 23:00 in Berlin
  AddMessage(2, kNoon + absl::Hours(11), messages);  // the next day

  EXPECT_EQ(Apply(catalog, messages)->held, 0);
}

TEST_F(ApplyCapsTest, WithoutACapNothingIsAsked) {
  const Catalog without(1, {MakeRevision(2, 0), MakeRevision(3, 0)});
  const Catalog of_others(1, {MakeRevision(9, 1)});
  Messages messages;
  AddMessage(1, kNoon, messages);

  ASSERT_TRUE(Apply(without, messages).ok());
  ASSERT_TRUE(Apply(of_others, messages).ok());

  EXPECT_EQ(messages.size(), 1);
  EXPECT_EQ(store_.counts(), 0);
}

}  // namespace
}  // namespace crier::evaluator
