#include "services/evaluator/domain/runs/page_decision.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PageDecisionTest, SendsWhoWasNotSent) {
  const PageDecision decision = DecidePage({{1, {}}, {2, {}}, {3, {}}}, 0, {2}, {}, 100);

  EXPECT_THAT(decision.send, ElementsAre(1, 3));
  EXPECT_THAT(decision.carried, IsEmpty());
  EXPECT_EQ(decision.matched, 3);
  EXPECT_EQ(decision.skipped, 1);
  EXPECT_EQ(decision.cursor, 3);
  EXPECT_FALSE(decision.cut);
}

TEST(PageDecisionTest, CarriesOverWhatWasSentToThoseMergedIntoAMember) {
  const PageDecision decision = DecidePage({{1, {7, 8}}, {2, {9}}}, 0, {8}, {}, 100);

  EXPECT_THAT(decision.send, ElementsAre(2));
  EXPECT_THAT(decision.carried, ElementsAre(1));
  EXPECT_EQ(decision.skipped, 1);
}

TEST(PageDecisionTest, PassesOverWhoIsGone) {
  const PageDecision decision = DecidePage({{1, {}}, {2, {}}}, 0, {}, {2}, 100);

  EXPECT_THAT(decision.send, ElementsAre(1));
  EXPECT_EQ(decision.matched, 1);
  EXPECT_EQ(decision.cursor, 2);
}

TEST(PageDecisionTest, StopsBeforeTheFirstBeyondTheAllowance) {
  const PageDecision decision = DecidePage({{1, {}}, {2, {}}, {3, {}}, {4, {}}}, 0, {3}, {}, 2);

  EXPECT_THAT(decision.send, ElementsAre(1, 2));
  EXPECT_TRUE(decision.cut);
  EXPECT_EQ(decision.cursor, 3) << "3 needs no allowance";
  EXPECT_EQ(decision.matched, 3);
}

TEST(PageDecisionTest, WithoutAllowanceTheCursorStays) {
  const PageDecision decision = DecidePage({{5, {}}}, 4, {}, {}, 0);

  EXPECT_TRUE(decision.cut);
  EXPECT_EQ(decision.cursor, 4);
}

TEST(MergeIntoPageTest, TheMergedPersonStaysInThePageOnce) {
  EXPECT_THAT(MergeIntoPage({1, 2, 3}, 1, {3}, {}), ElementsAre(1, 2));
  EXPECT_THAT(MergeIntoPage({2, 3}, 1, {3}, {}), ElementsAre(1, 2));
  EXPECT_THAT(MergeIntoPage({1, 2}, 1, {3, 4}, {}), ElementsAre(1, 2));
}

TEST(MergeIntoPageTest, UnlessAPartOfItWasSent) {
  EXPECT_THAT(MergeIntoPage({1, 2}, 1, {3}, {3}), ElementsAre(2));
  EXPECT_THAT(MergeIntoPage({2, 3}, 1, {3}, {1}), ElementsAre(2));
}

}  // namespace
}  // namespace crier::evaluator
