#include "services/delivery/domain/queue/pace.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

using Kind = Answer::Kind;

class PaceTest : public testing::Test {
 protected:
  // Begins as many attempts as it may; returns how many are under way then.
  int Fill() {
    while (pace_.MayBegin(now_)) pace_.Begin(now_);
    return pace_.in_flight();
  }

  void End(Kind kind, absl::Duration took = absl::Milliseconds(10)) {
    now_ += took;
    pace_.End({.kind = kind, .took = took}, now_);
  }

  // As after `attempts` failures of new attempts, one after the other.
  void Fail(Kind kind, int attempts, absl::Duration took = absl::Milliseconds(10)) {
    for (int i = 0; i < attempts; ++i) {
      ASSERT_TRUE(pace_.MayBegin(now_)) << i;
      pace_.Begin(now_);
      End(kind, took);
    }
  }

  absl::Duration now_ = absl::Seconds(1000);
  Pace pace_{{}};
};

// --- concurrency ---

TEST_F(PaceTest, AReceiverProvesItselfBeforeItGetsMore) {
  EXPECT_EQ(Fill(), 1);
  EXPECT_TRUE(pace_.IsSuspect(now_));

  End(Kind::kGood);
  EXPECT_EQ(Fill(), 2);
  EXPECT_FALSE(pace_.IsSuspect(now_));
  End(Kind::kGood);
  EXPECT_EQ(Fill(), 3);
}

TEST_F(PaceTest, OneThatAnswersGetsTheUsualNumber) {
  for (int i = 0; i < 1000; ++i) {
    Fill();
    now_ += absl::Milliseconds(400);
    pace_.End({.kind = Kind::kGood, .took = absl::Milliseconds(400)}, now_);
  }
  EXPECT_EQ(pace_.limit(), 10);
}

TEST_F(PaceTest, OneThatGoesOnAnsweringFastGetsMoreUpToABound) {
  for (int i = 0; i < 20'000; ++i) {
    Fill();
    End(Kind::kGood, absl::Microseconds(100));
  }
  EXPECT_EQ(pace_.limit(), 100);
}

TEST_F(PaceTest, WhatIsNotUsedDoesNotGrow) {
  for (int i = 0; i < 1000; ++i) {
    pace_.Begin(now_);
    End(Kind::kGood);
  }
  EXPECT_LE(pace_.limit(), 2);
}

TEST_F(PaceTest, BusyAndTimedOutHalveTheNumber) {
  for (int i = 0; i < 100; ++i) {
    Fill();
    End(Kind::kGood, absl::Milliseconds(400));
  }
  ASSERT_EQ(pace_.limit(), 10);

  Fill();
  End(Kind::kBusy);
  EXPECT_EQ(pace_.limit(), 5);
  End(Kind::kTimedOut);
  EXPECT_EQ(pace_.limit(), 2);
}

TEST_F(PaceTest, ALimitOfTheWebhookHolds) {
  pace_.SetLimits(/*max_concurrency=*/3, 0);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LE(Fill(), 3);
    End(Kind::kGood, absl::Microseconds(100));
  }
  EXPECT_EQ(Fill(), 3);
}

// --- rate ---

TEST_F(PaceTest, AttemptsAMinuteAreSpreadOverIt) {
  pace_.SetLimits(0, /*attempts_per_minute=*/30);
  int begun = 0;
  for (int i = 0; i < 600; ++i) {  // a minute
    if (pace_.MayBegin(now_)) {
      pace_.Begin(now_);
      pace_.End({}, now_);
      ++begun;
    }
    now_ += absl::Milliseconds(100);
  }
  EXPECT_GE(begun, 30);
  EXPECT_LE(begun, 31);
}

TEST_F(PaceTest, ABurstIsASecondsWorth) {
  pace_ = Pace({.first = 1000, .usual = 1000});
  pace_.SetLimits(0, /*attempts_per_minute=*/1200);
  EXPECT_EQ(Fill(), 20);

  now_ += absl::Hours(1);
  EXPECT_EQ(Fill(), 40);
}

TEST_F(PaceTest, TellsWhenTheNextMayBegin) {
  pace_ = Pace({.first = 1000, .usual = 1000});
  pace_.SetLimits(0, 60);
  Fill();
  const absl::Duration next = pace_.NextBegin(now_);

  EXPECT_GT(next, now_);
  EXPECT_LE(next, now_ + absl::Milliseconds(1001));
  EXPECT_TRUE(pace_.MayBegin(next));
}

TEST_F(PaceTest, AnAttemptThatWasNotMadeCostsNothing) {
  pace_.SetLimits(0, 60);
  pace_.Begin(now_);
  pace_.Undo(now_);
  EXPECT_TRUE(pace_.MayBegin(now_));
}

TEST_F(PaceTest, WhatBeganBeforeTheLimitsWereKnownIsTooMuch) {
  pace_ = Pace({.first = 10});
  Fill();

  pace_.SetLimits(/*max_concurrency=*/4, /*attempts_per_minute=*/180);

  while (pace_.Exceeds(now_)) pace_.Undo(now_);
  EXPECT_EQ(pace_.in_flight(), 3);
  EXPECT_FALSE(pace_.MayBegin(now_));
}

// --- circuit ---

TEST_F(PaceTest, AReceiverThatIsLeftAloneCanBeTriedNow) {
  Fail(Kind::kTimedOut, 1, absl::Seconds(15));
  ASSERT_FALSE(pace_.MayBegin(now_));

  pace_.TryNow();

  EXPECT_EQ(Fill(), 1) << "one probes";
  End(Kind::kTimedOut, absl::Seconds(15));
  EXPECT_FALSE(pace_.MayBegin(now_ + absl::Seconds(29))) << "it is left alone for longer";
}

TEST_F(PaceTest, ATimeOutOfAReceiverThatHasNotProvedItselfOpensTheCircuit) {
  Fail(Kind::kTimedOut, 1, absl::Seconds(15));

  EXPECT_FALSE(pace_.MayBegin(now_));
  EXPECT_EQ(pace_.NextBegin(now_), now_ + absl::Seconds(15));
}

TEST_F(PaceTest, FiveFailuresInARowOpenTheCircuit) {
  Fail(Kind::kBroken, 4);
  EXPECT_TRUE(pace_.MayBegin(now_));

  Fail(Kind::kBroken, 1);

  EXPECT_FALSE(pace_.MayBegin(now_));
  EXPECT_EQ(pace_.NextBegin(now_), now_ + absl::Seconds(5));
}

TEST_F(PaceTest, ASuccessInBetweenKeepsItClosed) {
  for (int i = 0; i < 10; ++i) {
    Fail(Kind::kBroken, 4);
    Fail(Kind::kGood, 1);
  }
  EXPECT_TRUE(pace_.MayBegin(now_));
}

TEST_F(PaceTest, RefusalsOfAMessageSayNothingAgainstTheReceiver) {
  Fail(Kind::kGood, 100);
  EXPECT_TRUE(pace_.MayBegin(now_));
}

TEST_F(PaceTest, OneProbeAtATimeAndEachFailureDoublesTheBreak) {
  Fail(Kind::kBroken, 5);
  absl::Duration expected = absl::Seconds(5);
  for (int i = 0; i < 10; ++i) {
    const absl::Duration length = pace_.NextBegin(now_) - now_;
    EXPECT_EQ(length, expected);
    now_ += length;
    EXPECT_EQ(Fill(), 1);
    End(Kind::kBroken);
    expected = std::min(expected * 2, absl::Minutes(5));
  }
}

TEST_F(PaceTest, AProbeThatSucceedsClosesTheCircuit) {
  Fail(Kind::kBroken, 5);
  now_ = pace_.NextBegin(now_);
  Fill();
  End(Kind::kGood);

  EXPECT_EQ(Fill(), 2);
  End(Kind::kBroken);
  End(Kind::kBroken);
  EXPECT_TRUE(pace_.MayBegin(now_));  // it takes five again
}

TEST_F(PaceTest, WhatWasUnderWayWhenItOpenedDoesNotOpenItFurther) {
  for (int i = 0; i < 100; ++i) {
    Fill();
    End(Kind::kGood, absl::Milliseconds(400));
  }
  ASSERT_EQ(Fill(), 10);
  for (int i = 0; i < 10; ++i)
    pace_.End({.kind = Kind::kTimedOut, .took = absl::Seconds(15)}, now_);

  EXPECT_EQ(pace_.NextBegin(now_), now_ + absl::Seconds(15));
}

TEST_F(PaceTest, ABusyReceiverIsLeftAloneForAsLongAsItAsksFor) {
  pace_.Begin(now_);
  pace_.End({.kind = Kind::kBusy, .retry_after = absl::Seconds(40)}, now_);
  EXPECT_EQ(pace_.NextBegin(now_), now_ + absl::Seconds(40));

  now_ += absl::Seconds(40);
  pace_.Begin(now_);
  pace_.End({.kind = Kind::kBusy, .retry_after = absl::Hours(1)}, now_);
  EXPECT_EQ(pace_.NextBegin(now_), now_ + absl::Minutes(5));
}

TEST_F(PaceTest, OneThatIsGoneIsLeftAloneWhileItsWebhookIsDisabled) {
  Fail(Kind::kGone, 1);

  EXPECT_FALSE(pace_.MayBegin(now_));
  EXPECT_EQ(pace_.NextBegin(now_), now_ + absl::Seconds(5));
  pace_.TryNow();  // it was enabled again
  EXPECT_TRUE(pace_.MayBegin(now_));
}

// --- suspects ---

TEST_F(PaceTest, SilenceMakesASuspectAndAnAnswerClearsIt) {
  Fill();
  End(Kind::kGood);
  Fill();
  EXPECT_FALSE(pace_.IsSuspect(now_));
  EXPECT_EQ(pace_.NextSuspicion(), now_ + absl::Milliseconds(80));  // of answers after 10 ms

  now_ += absl::Milliseconds(80);
  EXPECT_TRUE(pace_.IsSuspect(now_));
  pace_.End({.took = absl::Milliseconds(80)}, now_);
  EXPECT_FALSE(pace_.IsSuspect(now_));
}

TEST_F(PaceTest, NobodyIsSuspectedForAMomentNorUnsuspectedForMoreThanASecond) {
  for (const auto& [took, silence] : {std::pair(absl::Microseconds(100), absl::Milliseconds(50)),
                                      std::pair(absl::Milliseconds(900), absl::Seconds(1))}) {
    Pace pace{{}};
    pace.Begin(now_);
    pace.End({.took = took}, now_);
    pace.Begin(now_);

    EXPECT_EQ(pace.NextSuspicion(), now_ + silence);
  }
}

TEST_F(PaceTest, AnswersKeepSuspicionAwayHoweverManyAreUnderWay) {
  Fill();
  End(Kind::kGood);
  ASSERT_EQ(Fill(), 2);
  for (int i = 0; i < 10; ++i) {
    End(Kind::kGood, absl::Milliseconds(40));
    pace_.Begin(now_);
    EXPECT_FALSE(pace_.IsSuspect(now_)) << i;
  }
}

TEST_F(PaceTest, BeginningMoreDoesNotHideTheSilence) {
  Fill();
  End(Kind::kGood);
  pace_.Begin(now_);
  const absl::Duration suspicion = pace_.NextSuspicion();

  now_ += absl::Milliseconds(70);
  pace_.Begin(now_);

  EXPECT_EQ(pace_.NextSuspicion(), suspicion);
}

TEST_F(PaceTest, OneSlowAnswerMakesNoSuspect) {
  for (int i = 0; i < 10; ++i) {
    Fill();
    End(Kind::kGood);
  }
  Fill();
  End(Kind::kGood, absl::Seconds(3));
  EXPECT_FALSE(pace_.IsSuspect(now_));
}

TEST_F(PaceTest, SlownessMakesASuspect) {
  for (int i = 0; i < 50; ++i) {
    Fill();
    End(Kind::kGood, absl::Seconds(3));
  }
  EXPECT_TRUE(pace_.IsSuspect(now_));
  EXPECT_EQ(pace_.Cost(), 16);
}

TEST_F(PaceTest, CostsFollowTheTimeThatAttemptsTake) {
  EXPECT_EQ(pace_.Cost(), 1);
  Fill();
  End(Kind::kGood, absl::Milliseconds(240));
  EXPECT_EQ(pace_.Cost(), 5);
}

TEST_F(PaceTest, IsRememberedForAMinuteAfterItsUseAndItsBreak) {
  Fill();
  End(Kind::kGood);
  EXPECT_EQ(pace_.memorable_until(), now_ + absl::Minutes(1));

  Fail(Kind::kBroken, 5);
  EXPECT_EQ(pace_.memorable_until(), now_ + absl::Seconds(5) + absl::Minutes(1));
}

// --- what answers say ---

TEST(AnswerTest, FollowsFromOutcomeAndStatus) {
  const auto kind = [](Outcome outcome, int status) {
    AttemptResult result;
    result.outcome = outcome;
    result.status = status;
    return AnswerOf(result, absl::Now()).kind;
  };
  EXPECT_EQ(kind(Outcome::kSucceeded, 204), Kind::kGood);
  EXPECT_EQ(kind(Outcome::kTimedOut, 0), Kind::kTimedOut);
  EXPECT_EQ(kind(Outcome::kUnreachable, 0), Kind::kBroken);
  EXPECT_EQ(kind(Outcome::kTlsFailed, 0), Kind::kBroken);
  EXPECT_EQ(kind(Outcome::kRefused, 410), Kind::kGone);
  for (const int status : {301, 400, 404}) {
    EXPECT_EQ(kind(Outcome::kRefused, status), Kind::kGood);
  }
  for (const int status : {500, 501, 505, 599}) {
    EXPECT_EQ(kind(Outcome::kRefused, status), Kind::kBroken);
  }
  for (const int status : {429, 502, 503, 504}) {
    EXPECT_EQ(kind(Outcome::kRefused, status), Kind::kBusy);
  }
}

TEST(AnswerTest, ABusyReceiverMaySayForHowLong) {
  AttemptResult result;
  result.outcome = Outcome::kRefused;
  result.headers = {{"retry-after", "7"}};
  result.status = 503;
  EXPECT_EQ(AnswerOf(result, absl::Now()).retry_after, absl::Seconds(7));
  result.status = 500;
  EXPECT_EQ(AnswerOf(result, absl::Now()).retry_after, std::nullopt);
}

TEST_F(PaceTest, TheCircuitIsOpenThenHalfOpenThenClosed) {
  EXPECT_EQ(pace_.circuit(now_), Circuit::kClosed);
  Fail(Kind::kBroken, 5);
  EXPECT_EQ(pace_.circuit(now_), Circuit::kOpen);
  now_ += absl::Seconds(5);
  EXPECT_EQ(pace_.circuit(now_), Circuit::kOpen);

  pace_.Begin(now_);
  EXPECT_EQ(pace_.circuit(now_), Circuit::kHalfOpen);
  End(Kind::kGood);
  EXPECT_EQ(pace_.circuit(now_), Circuit::kClosed);
}

}  // namespace
}  // namespace crier::delivery
