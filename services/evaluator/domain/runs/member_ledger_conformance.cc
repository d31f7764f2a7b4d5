#include "services/evaluator/domain/runs/member_ledger_conformance.h"

#include "absl/time/clock.h"
#include "gmock/gmock.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::UnorderedElementsAre;

constexpr int64_t kCommunity = 1;
const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01T00:00:00Z

absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

std::vector<ChangedPage> Checked(absl::StatusOr<std::vector<ChangedPage>> changed) {
  EXPECT_TRUE(changed.ok()) << changed.status();
  return changed.ok() ? *std::move(changed) : std::vector<ChangedPage>();
}

auto IsPage(const WorkflowId& workflow, int64_t position) {
  return testing::AllOf(testing::Field("workflow", &ChangedPage::workflow, workflow),
                        testing::Field("position", &ChangedPage::position, position));
}

}  // namespace

std::vector<int64_t> MemberLedgerConformance::Decide(const WorkflowId& id,
                                                     const std::vector<int64_t>& contacts) {
  std::vector<Candidate> candidates;
  for (const int64_t contact : contacts) candidates.push_back({contact, {}});
  return ledgers_->Decide(id, candidates);
}

void MemberLedgerConformance::Send(const WorkflowId& id, const std::vector<int64_t>& contacts) {
  ASSERT_EQ(Decide(id, contacts), contacts);
  ledgers_->Settle(id, 1);
}

std::vector<ChangedPage> MemberLedgerConformance::Merge(int64_t winner,
                                                        const std::vector<int64_t>& losers) {
  return Checked(ledgers_->ledger().Merge(kCommunity, winner, losers, kNow, Deadline()));
}

std::vector<ChangedPage> MemberLedgerConformance::Erase(const std::vector<int64_t>& contacts) {
  return Checked(ledgers_->ledger().Erase(kCommunity, contacts, kNow, Deadline()));
}

std::vector<ChangedPage> MemberLedgerConformance::EraseCommunity() {
  return Checked(ledgers_->ledger().EraseCommunity(kCommunity, Deadline()));
}

namespace {

TEST_P(MemberLedgerConformance, WhatWasSentToALoserWasSentToTheWinner) {
  Send(workflow_, {2, 3});

  EXPECT_THAT(Merge(1, {2}), IsEmpty()) << "no page is pending";

  EXPECT_THAT(ledgers_->Sent(workflow_, {1, 2, 3}), UnorderedElementsAre(1, 3));
  EXPECT_THAT(Decide(workflow_, {1}), IsEmpty());
}

TEST_P(MemberLedgerConformance, AMergeOfWhomNobodyWasSentLeavesTheWinnerToBeSent) {
  EXPECT_THAT(Merge(1, {2}), IsEmpty());

  EXPECT_THAT(ledgers_->Sent(workflow_, {1, 2}), IsEmpty());
  EXPECT_THAT(Decide(workflow_, {1}), ElementsAre(1));
}

TEST_P(MemberLedgerConformance, ALoserInThePendingPageBecomesTheWinner) {
  ASSERT_THAT(Decide(workflow_, {2, 3, 4}), ElementsAre(2, 3, 4));

  EXPECT_THAT(Merge(5, {2, 4}), ElementsAre(IsPage(workflow_, 0)));

  EXPECT_THAT(ledgers_->PendingPage(workflow_), Optional(ElementsAre(3, 5)));
  EXPECT_THAT(ledgers_->Sent(workflow_, {2, 3, 4, 5}), UnorderedElementsAre(3, 5));
}

TEST_P(MemberLedgerConformance, ALoserLeavesThePendingPageWhenTheWinnerWasSent) {
  Send(workflow_, {1});
  ASSERT_THAT(Decide(workflow_, {2, 3}), ElementsAre(2, 3));

  EXPECT_THAT(Merge(1, {2}), ElementsAre(IsPage(workflow_, 1)));

  EXPECT_THAT(ledgers_->PendingPage(workflow_), Optional(ElementsAre(3)));
  EXPECT_THAT(ledgers_->Sent(workflow_, {1, 2, 3}), UnorderedElementsAre(1, 3));
}

TEST_P(MemberLedgerConformance, EveryLedgerOfTheCommunityIsChangedAndNoOther) {
  const WorkflowId neighbour = ledgers_->Make(1);
  const WorkflowId stranger = ledgers_->Make(2);
  Send(neighbour, {2});
  for (const WorkflowId& id : {workflow_, stranger}) {
    ASSERT_THAT(Decide(id, {2, 3}), ElementsAre(2, 3));
  }

  EXPECT_THAT(Merge(1, {2}), ElementsAre(IsPage(workflow_, 0)));
  EXPECT_THAT(Erase({3}), ElementsAre(IsPage(workflow_, 0)));

  EXPECT_THAT(ledgers_->PendingPage(workflow_), Optional(ElementsAre(1)));
  EXPECT_THAT(ledgers_->Sent(neighbour, {1, 2}), UnorderedElementsAre(1));
  EXPECT_THAT(ledgers_->PendingPage(stranger), Optional(ElementsAre(2, 3)));
  EXPECT_THAT(ledgers_->Sent(stranger, {1, 2, 3}), UnorderedElementsAre(2, 3));
}

TEST_P(MemberLedgerConformance, WhoIsGoneIsNotDecidedOnByWhoReadThemBefore) {
  Merge(1, {2});
  Erase({3});

  EXPECT_THAT(Decide(workflow_, {1, 2, 3, 4}), ElementsAre(1, 4));
}

TEST_P(MemberLedgerConformance, WhoIsErasedIsForgotten) {
  Send(workflow_, {1, 2});
  ASSERT_THAT(Decide(workflow_, {3, 4}), ElementsAre(3, 4));

  EXPECT_THAT(Erase({2, 3}), ElementsAre(IsPage(workflow_, 1)));

  EXPECT_THAT(ledgers_->PendingPage(workflow_), Optional(ElementsAre(4)));
  EXPECT_THAT(ledgers_->Sent(workflow_, {1, 2, 3, 4}), UnorderedElementsAre(1, 4));
}

TEST_P(MemberLedgerConformance, APageOfWhichNobodyIsLeftIsStillPending) {
  ASSERT_THAT(Decide(workflow_, {1}), ElementsAre(1));

  Erase({1});

  EXPECT_THAT(ledgers_->PendingPage(workflow_), Optional(IsEmpty()));
}

TEST_P(MemberLedgerConformance, ACommunityIsErasedAsAWhole) {
  const WorkflowId neighbour = ledgers_->Make(1);
  const WorkflowId stranger = ledgers_->Make(2);
  for (const WorkflowId& id : {neighbour, stranger}) Send(id, {1, 2});
  ASSERT_THAT(Decide(workflow_, {3}), ElementsAre(3));

  EXPECT_THAT(EraseCommunity(), ElementsAre(IsPage(workflow_, 0)));

  EXPECT_THAT(ledgers_->PendingPage(workflow_), Optional(IsEmpty()));
  EXPECT_THAT(ledgers_->Sent(workflow_, {3}), IsEmpty());
  EXPECT_THAT(ledgers_->Sent(neighbour, {1, 2}), IsEmpty());
  EXPECT_THAT(ledgers_->Sent(stranger, {1, 2}), UnorderedElementsAre(1, 2));
}

// Whoever changes a page may end before its producer is moved past the page as it was, and does
// everything again.
TEST_P(MemberLedgerConformance, ARepeatNamesWhatWasChangedUntilItsProducerHasMoved) {
  Send(workflow_, {1});
  ASSERT_THAT(Decide(workflow_, {2, 3, 4}), ElementsAre(2, 3, 4));
  ASSERT_THAT(Merge(1, {2}), ElementsAre(IsPage(workflow_, 1)));

  EXPECT_THAT(Merge(1, {2}), ElementsAre(IsPage(workflow_, 1)));
  ASSERT_THAT(Erase({3}), ElementsAre(IsPage(workflow_, 1)));
  EXPECT_THAT(Erase({3}), ElementsAre(IsPage(workflow_, 1)));
  EXPECT_THAT(ledgers_->PendingPage(workflow_), Optional(ElementsAre(4)));
  EXPECT_THAT(ledgers_->Sent(workflow_, {1, 2, 3, 4}), UnorderedElementsAre(1, 4));

  ledgers_->Settle(workflow_, 3);
  EXPECT_THAT(Erase({3}), IsEmpty()) << "the page as it is begins at 3";
  EXPECT_THAT(Erase({4}), ElementsAre(IsPage(workflow_, 3)));
  ASSERT_THAT(EraseCommunity(), ElementsAre(IsPage(workflow_, 3)));
  EXPECT_THAT(EraseCommunity(), ElementsAre(IsPage(workflow_, 3)));
  ledgers_->Settle(workflow_, 4);
  EXPECT_THAT(EraseCommunity(), IsEmpty()) << "no page is pending any more";
}

}  // namespace
}  // namespace crier::evaluator
