#include "services/evaluator/domain/workflows/revision.h"

#include <optional>

#include "gtest/gtest.h"

namespace crier::evaluator {
namespace {

Workflow InState(State state) {
  Workflow workflow;
  workflow.state = state;
  return workflow;
}

TEST(TransitionTest, EnablingOpensAtTheHead) {
  const Transition transition =
      MakeTransition(InState(State::kDisabled), InState(State::kEnabled), 10, 0);

  EXPECT_EQ(transition.close_at, std::nullopt);
  EXPECT_EQ(transition.open_from, 10);
}

TEST(TransitionTest, DisablingAndDeletingCloseAtTheHead) {
  for (const State state : {State::kDisabled, State::kDeleted}) {
    const Transition transition = MakeTransition(InState(State::kEnabled), InState(state), 10, 4);

    EXPECT_EQ(transition.close_at, 10);
    EXPECT_EQ(transition.open_from, std::nullopt);
  }
}

TEST(TransitionTest, AnUpdateInForceClosesAndOpensAtTheSamePosition) {
  const Transition transition =
      MakeTransition(InState(State::kEnabled), InState(State::kEnabled), 10, 4);

  EXPECT_EQ(transition.close_at, 10);
  EXPECT_EQ(transition.open_from, 10);
}

TEST(TransitionTest, WhatDoesNotFireHasNoRevisions) {
  for (const State state : {State::kDisabled, State::kDeleted}) {
    const Transition transition = MakeTransition(InState(State::kDisabled), InState(state), 10, 4);

    EXPECT_EQ(transition.close_at, std::nullopt);
    EXPECT_EQ(transition.open_from, std::nullopt);
  }
}

TEST(TransitionTest, AHeadReadBeforeARacingCallCountsAsReadRightAfterIt) {
  const Transition disabled =
      MakeTransition(InState(State::kEnabled), InState(State::kDisabled), 5, 10);
  const Transition enabled =
      MakeTransition(InState(State::kDisabled), InState(State::kEnabled), 5, 10);

  EXPECT_EQ(disabled.close_at, 10);
  EXPECT_EQ(enabled.open_from, 10);
}

TEST(RevisionTest, CoversWhatComesAfterItsBeginUpToItsEnd) {
  Revision revision;
  revision.from_position = 10;
  EXPECT_FALSE(revision.Covers(10));
  EXPECT_TRUE(revision.Covers(11));
  EXPECT_TRUE(revision.Covers(1'000'000));

  revision.until_position = 12;
  EXPECT_TRUE(revision.Covers(12));
  EXPECT_FALSE(revision.Covers(13));
}

}  // namespace
}  // namespace crier::evaluator
