// Runs as a whole: each member who meets the criteria is sent once.
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/trace/context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/runs_fixture.h"

namespace crier::evaluator {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(RunsTest, TheFirstRunBeginsAtEnableAndSendsEveryMemberWhoMatches) {
  for (int64_t id = 1; id <= 2'500; ++id) Put(id, id % 5 == 0 ? 10 : 90);
  EXPECT_THAT(LastRun().id.id, 0) << "none before it is enabled";

  Enable();
  EXPECT_EQ(LastRun().state, RunState::kPending);
  Work();

  const Run run = LastRun();
  EXPECT_EQ(run.state, RunState::kSucceeded) << run.error;
  EXPECT_EQ(run.trigger, RunTrigger::kEnable);
  EXPECT_EQ(run.expected_count, 2'000);
  EXPECT_EQ(run.matched_count, 2'000);
  EXPECT_EQ(run.sent_count, 2'000);
  EXPECT_EQ(run.skipped_count, 0);
  const std::vector<int64_t> sent = Sent();
  EXPECT_THAT(sent, SizeIs(2'000));
  EXPECT_EQ(std::set<int64_t>(sent.begin(), sent.end()).size(), 2'000u);
  const auto message = deliveries_.messages().front();
  EXPECT_EQ(message.targets(0).webhook(), "communities/7/webhooks/5");
  EXPECT_EQ(message.targets(0).workflow_display_name(), "Members");
  EXPECT_EQ(api::FromProto(message.event().accept_time()), kStart);
  const auto trace = trace::ParseTraceparent(message.event().traceparent());
  ASSERT_TRUE(trace) << message.event().traceparent();
  EXPECT_TRUE(trace->valid());
}

TEST_F(RunsTest, LaterRunsSendWhoIsNewAndWhoMatchesNow) {
  Put(1, 90);
  Put(2, 10);
  Put(3, 90);
  Enable();
  Work();
  ASSERT_THAT(Sent(), ElementsAre(1, 3));

  clock_.Advance(absl::Hours(1));
  Put(2, 60);
  Put(3, 99);
  Put(4, 90);
  BeginRun();
  Work();

  EXPECT_THAT(Sent(), ElementsAre(1, 3, 2, 4));
  EXPECT_EQ(LastRun().skipped_count, 2) << "1, of the very time, and 3";
  EXPECT_THAT(contacts_.filters().back(), HasSubstr("(lead_score >= 50) AND update_time >= "));
}

TEST_F(RunsTest, AChangeAtTheVeryTimeOfTheLastScanIsSeen) {
  Put(1, 90);
  Enable();
  Work();

  Put(2, 90);  // the clock has not moved
  BeginRun();
  Work();

  EXPECT_THAT(Sent(), ElementsAre(1, 2));
}

TEST_F(RunsTest, NewCriteriaAndRelativeTimesGoThroughAllMembers) {
  Put(1, 90);
  Put(2, 30);
  Enable();
  Work();
  clock_.Advance(absl::Hours(1));

  Change([](Workflow& workflow) { workflow.filter = "lead_score >= 20"; });
  BeginRun();
  Work();
  EXPECT_THAT(Sent(), ElementsAre(1, 2));

  Change([](Workflow& workflow) { workflow.filter = "update_time < \"now-10d\""; });
  BeginRun();
  Work();
  Put(3, 0);
  BeginRun();
  Work();
  clock_.Advance(absl::Hours(24 * 11));
  BeginRun();
  Work();
  EXPECT_THAT(Sent(), ElementsAre(1, 2, 3)) << "3 became old without a change";
  EXPECT_THAT(contacts_.filters(), Each(Not(HasSubstr("update_time >="))));

  BeginRun(/*full_scan=*/true);
  Work();
  EXPECT_EQ(LastRun().skipped_count, 3);
}

TEST_F(RunsTest, ARunThatWasCancelledLeavesTheRestToTheNext) {
  for (int64_t id = 1; id <= 30; ++id) Put(id, 90);
  contacts_.SetPageSize(10);
  Enable();
  int pages = 0;
  contacts_.SetBeforePage([&] {
    if (++pages != 2) return;
    const auto cancelled = runs_.Cancel(LastRun().id, clock_.Now(), Deadline());
    EXPECT_TRUE(cancelled.ok()) << cancelled.status();
  });

  Work();
  EXPECT_THAT(Sent(), SizeIs(10));
  EXPECT_EQ(LastRun().state, RunState::kCancelled);
  EXPECT_EQ(LastRun().sent_count, 10);
  EXPECT_TRUE(runs_.Cancel(LastRun().id, clock_.Now(), Deadline()).ok()) << "once more";

  BeginRun();
  Work();
  EXPECT_THAT(Sent(), SizeIs(30));
  EXPECT_EQ(LastRun().state, RunState::kSucceeded);
  EXPECT_EQ(ErrorReason(runs_.Cancel(LastRun().id, clock_.Now(), Deadline()).status()),
            "RUN_FINISHED");
}

TEST_F(RunsTest, DisablingEndsTheRunAndEnablingTakesItUp) {
  for (int64_t id = 1; id <= 30; ++id) Put(id, 90);
  contacts_.SetPageSize(10);
  Enable();
  int pages = 0;
  contacts_.SetBeforePage([&] {
    if (++pages == 2) Disable();
  });

  Work();
  EXPECT_THAT(Sent(), SizeIs(10));
  EXPECT_EQ(LastRun().state, RunState::kCancelled);
  EXPECT_EQ(LastRun().error, "the workflow was disabled");
  EXPECT_EQ(
      ErrorReason(
          runs_.Begin(workflow_, RunTrigger::kManual, false, clock_.Now(), Deadline()).status()),
      "WORKFLOW_DISABLED");

  Enable();
  Work();
  EXPECT_THAT(Sent(), SizeIs(30));
}

TEST_F(RunsTest, NewCriteriaInTheMiddleMakeTheRunBeginAgain) {
  for (int64_t id = 1; id <= 30; ++id) Put(id, id % 2 == 0 ? 90 : 60);
  contacts_.SetPageSize(10);
  Enable();
  int pages = 0;
  contacts_.SetBeforePage([&] {
    if (++pages == 2) Change([](Workflow& workflow) { workflow.filter = "lead_score >= 80"; });
  });

  Work();

  std::vector<int64_t> sent = Sent();
  EXPECT_THAT(sent, SizeIs(20)) << "ten by the old criteria, of the rest those of the new";
  EXPECT_EQ(std::set<int64_t>(sent.begin(), sent.end()).size(), sent.size());
  EXPECT_EQ(LastRun().state, RunState::kSucceeded);
  EXPECT_EQ(LastRun().matched_count, 25) << "ten by the old criteria, fifteen by the new";
  EXPECT_EQ(LastRun().expected_count, LastRun().matched_count);
}

TEST_F(RunsTest, AWebhookThatIsChangedInTheMiddleGetsTheRest) {
  for (int64_t id = 1; id <= 20; ++id) Put(id, 90);
  contacts_.SetPageSize(10);
  Enable();
  int pages = 0;
  contacts_.SetBeforePage([&] {
    if (++pages == 2) Change([](Workflow& workflow) { workflow.webhook = 6; });
  });

  Work();

  const auto messages = deliveries_.messages();
  ASSERT_THAT(messages, SizeIs(20));
  EXPECT_EQ(messages[9].targets(0).webhook(), "communities/7/webhooks/5");
  EXPECT_EQ(messages[10].targets(0).webhook(), "communities/7/webhooks/6");
}

TEST_F(RunsTest, OneRunAtATime) {
  Put(1, 90);
  Enable();

  const auto second = runs_.Begin(workflow_, RunTrigger::kManual, false, clock_.Now(), Deadline());

  EXPECT_EQ(ErrorReason(second.status()), "RUN_UNFINISHED");
  EXPECT_EQ(ErrorMetadata(second.status(), "run"), RunName(LastRun().id));
}

TEST_F(RunsTest, AMemberWhoWasSentAsSomebodyElseIsNotSentAgain) {
  Put(1, 10);
  Put(2, 90);
  Enable();
  Work();
  ASSERT_THAT(Sent(), ElementsAre(2));
  clock_.Advance(absl::Hours(1));
  Put(1, 90);

  const Event merged = Merge(/*winner=*/1, /*loser=*/2);
  BeginRun();
  Work();
  EXPECT_THAT(Sent(), ElementsAre(2)) << "before the evaluation has come to the event";

  Apply(merged);
  Apply(merged);
  BeginRun(/*full_scan=*/true);
  Work();
  EXPECT_THAT(Sent(), ElementsAre(2));
}

TEST_F(RunsTest, AMergeBetweenReadingAndDecisionCounts) {
  Put(1, 90);
  Enable();
  Work();
  clock_.Advance(absl::Hours(1));
  Put(2, 90);
  const std::vector<Candidate> read = {{2, {}}};

  Apply(Merge(/*winner=*/1, /*loser=*/2));
  BeginRun();
  RunTask task = *pages_.Load(workflow_, Deadline());
  const RunScope scope = MakeRunScope(task.filter, std::nullopt, true, std::nullopt, clock_.Now());
  ASSERT_TRUE(*pages_.Start(fence_, task, scope, 1, clock_.Now(), Deadline()));
  const auto decided = pages_.Decide(fence_, task, read, 100, clock_.Now(), Deadline());

  ASSERT_TRUE(decided.ok()) << decided.status();
  EXPECT_THAT(decided->decision.send, IsEmpty());
}

TEST_F(RunsTest, AStaleOwnerCanDoNothing) {
  for (int64_t id = 1; id <= 20; ++id) Put(id, 90);
  contacts_.SetPageSize(10);
  Enable();
  Fence second;
  int pages = 0;
  contacts_.SetBeforePage([&] {
    if (++pages != 2) return;
    GiveLeaseBack("replica");
    second = TakeLease("other replica");
  });
  Work(fence_, /*slices=*/3);
  ASSERT_THAT(Sent(), SizeIs(10)) << "the second page was not decided on";

  RunTask task = *pages_.Load(workflow_, Deadline());
  const auto reason = [](const absl::Status& status) { return ErrorReason(status); };
  const absl::Time now = clock_.Now();
  EXPECT_EQ(reason(pages_.Start(fence_, task, {}, 0, now, Deadline()).status()), "LEASE_LOST");
  EXPECT_EQ(reason(pages_.Decide(fence_, task, {}, 1, now, Deadline()).status()), "LEASE_LOST");
  EXPECT_EQ(reason(pages_.Settle(fence_, task, 9, Deadline())), "LEASE_LOST");
  EXPECT_EQ(reason(pages_.Halve(fence_, task, 9, Deadline())), "LEASE_LOST");
  EXPECT_EQ(
      reason(pages_.Postpone(fence_, task, {.hold = RunHold::kRetry, .until = now}, Deadline())),
      "LEASE_LOST");
  EXPECT_EQ(reason(pages_.Finish(fence_, task, RunState::kFailed, "", now, Deadline())),
            "LEASE_LOST");

  Work(second);
  EXPECT_THAT(Sent(), SizeIs(20));
}

TEST_F(RunsTest, TheDailyCapHoldsTheRunUntilTheNextLocalDay) {
  for (int64_t id = 1; id <= 25; ++id) Put(id, 90);
  Change([](Workflow& workflow) { workflow.max_deliveries_per_day = 10; });
  Enable();

  Work();
  EXPECT_THAT(Sent(), SizeIs(10));
  const Run held = LastRun();
  EXPECT_EQ(held.state, RunState::kRunning);
  EXPECT_EQ(held.hold, RunHold::kDailyCap);
  EXPECT_EQ(held.hold_until, kStart + absl::Hours(23)) << "midnight in Berlin";
  EXPECT_EQ(Status().released_today, 10);
  EXPECT_EQ(Status().capped_until, held.hold_until);

  clock_.Advance(absl::Hours(23));
  Work();
  EXPECT_THAT(Sent(), SizeIs(20));
  Change([](Workflow& workflow) { workflow.max_deliveries_per_day = 12; });
  Work();
  EXPECT_THAT(Sent(), SizeIs(22)) << "a higher cap counts at once";
  clock_.Advance(absl::Hours(24));
  Work();
  EXPECT_THAT(Sent(), SizeIs(25));
  EXPECT_EQ(LastRun().state, RunState::kSucceeded);
  EXPECT_EQ(LastRun().sent_count, 25);
}

TEST_F(RunsTest, TheRateOfACommunityPacesItsRuns) {
  SendRate rate(10);
  RunExecutor executor(pages_, contacts_, events_, deliveries_, rate, clock_, metrics_, options_);
  for (int64_t id = 1; id <= 25; ++id) Put(id, 90);
  Enable();

  executor.Work(fence_, workflow_, NeverStop);
  EXPECT_THAT(Sent(), SizeIs(10));
  EXPECT_EQ(LastRun().hold, RunHold::kCommunityRate);
  EXPECT_EQ(LastRun().hold_until, kStart + absl::Seconds(1));

  clock_.Advance(absl::Seconds(1));
  executor.Work(fence_, workflow_, NeverStop);
  EXPECT_THAT(Sent(), SizeIs(20));
  clock_.Advance(absl::Seconds(1));
  executor.Work(fence_, workflow_, NeverStop);
  EXPECT_THAT(Sent(), SizeIs(25));
}

TEST_F(RunsTest, ARunWhoseCriteriaAreRefusedFails) {
  Put(1, 90);
  Enable();
  Change([](Workflow& workflow) { workflow.filter = "no_such_field = 1"; });

  Work();

  EXPECT_EQ(LastRun().state, RunState::kFailed);
  EXPECT_THAT(LastRun().error, HasSubstr("no_such_field"));
}

TEST_F(RunsTest, WhatAnEndedRunLeavesIsRemovedInTime) {
  Put(1, 90);
  Enable();
  Work();
  const RunId old = LastRun().id;
  clock_.Advance(absl::Hours(24));
  BeginRun();
  Work();

  ASSERT_TRUE(runs_.Prune({kPartition}, kStart + absl::Hours(1), Deadline()).ok());
  EXPECT_EQ(runs_.Get(old, Deadline()).status(), RunNotFoundError(old));
  EXPECT_TRUE(runs_.Get(LastRun().id, Deadline()).ok());

  Change([](Workflow& workflow) { workflow.state = State::kDeleted; });
  while (*runs_.Prune({kPartition}, kStart, Deadline())) {
  }
  EXPECT_THAT(*pages_.Sent(workflow_, {1}, Deadline()), IsEmpty());
}

TEST_F(RunsTest, WhatADeletedWorkflowLeavesIsRemovedAlone) {
  Put(1, 90);
  Enable();
  Work();
  const WorkflowId other = CreateWorkflow();
  Change([](Workflow& workflow) { workflow.state = State::kEnabled; }, other);
  Work();
  ASSERT_THAT(*pages_.Sent(other, {1}, Deadline()), ElementsAre(1));

  Change([](Workflow& workflow) { workflow.state = State::kDeleted; });
  while (*runs_.Prune({kPartition}, kStart, Deadline())) {
  }

  EXPECT_THAT(*pages_.Sent(workflow_, {1}, Deadline()), IsEmpty());
  EXPECT_THAT(*pages_.Sent(other, {1}, Deadline()), ElementsAre(1));
}

}  // namespace
}  // namespace crier::evaluator
