// The store of pages in Postgres, method by method. It has no fake: what works on runs is tested
// with the real one (runs_test.cc).
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/runs_fixture.h"
#include "services/evaluator/storage/member_sql.h"
#include "services/evaluator/storage/run_rows.h"
#include "services/evaluator/storage/run_sql.h"

namespace crier::evaluator {
namespace {

using Outcome = DecidedPage::Outcome;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::Optional;
using testing::UnorderedElementsAre;

// A workflow that is enabled, and so has a pending run.
class PageStoreTest : public RunsTest {
 protected:
  PageStoreTest() { Enable(); }

  RunTask Load() {
    const auto task = pages_.Load(workflow_, Deadline());
    EXPECT_TRUE(task.ok()) << task.status();
    return task.value_or(RunTask());
  }

  absl::StatusOr<DecidedPage> Decide(const RunTask& task, const std::vector<int64_t>& contacts,
                                     int64_t allowance = 100) {
    std::vector<Candidate> candidates;
    for (const int64_t contact : contacts) candidates.push_back({contact, {}});
    return pages_.Decide(fence_, task, candidates, allowance, clock_.Now(), Deadline());
  }

  // What became of a decision that stores nothing.
  Outcome Refused(const RunTask& task) {
    const auto decided = Decide(task, {1});
    EXPECT_TRUE(decided.ok()) << decided.status();
    EXPECT_THAT(*pages_.Sent(workflow_, {1}, Deadline()), IsEmpty());
    return decided.ok() ? decided->outcome : Outcome::kDecided;
  }

  // What `act` returns, which begins when `change` has been made, and waits for its commit.
  template <typename Act>
  auto During(const std::function<absl::Status(pg::Transaction&)>& change, Act act) {
    decltype(act()) result;
    std::thread acting;
    const absl::Status changed = pool_.Run(Deadline(), [&](pg::Transaction& transaction) {
      const absl::Status made = change(transaction);
      acting = std::thread([&] { result = act(); });
      EXPECT_TRUE(tests::AwaitBlocked(transaction));
      return made;
    });
    acting.join();
    EXPECT_EQ(changed, absl::OkStatus());
    return result;
  }

  std::vector<int64_t> Ready(absl::Time now, int limit = 10) {
    std::vector<int64_t> workflows;
    const auto ready = pages_.FindReady({kPartition}, now, limit, Deadline());
    EXPECT_TRUE(ready.ok()) << ready.status();
    for (const auto& one : ready.value()) workflows.push_back(one.workflow.id);
    return workflows;
  }
};

TEST_F(PageStoreTest, LoadsAWorkflowAsItIs) {
  const RunTask task = Load();

  EXPECT_EQ(task.workflow, workflow_);
  EXPECT_EQ(task.workflow_version, 2);
  EXPECT_EQ(task.filter, "lead_score >= 50");
  EXPECT_EQ(task.position, 0);
  EXPECT_FALSE(task.pending);
  EXPECT_EQ(task.run, LastRun());
  EXPECT_FALSE(task.last_scan);

  const WorkflowId never_enabled = CreateWorkflow();
  EXPECT_EQ(pages_.Load(never_enabled, Deadline()).status(), WorkflowNotFoundError(never_enabled));
}

TEST_F(PageStoreTest, ARunBeginsWithItsScope) {
  const RunScope scope = {"lead_score >= 50", kStart, kStart - absl::Hours(2),
                          kStart - absl::Hours(1)};

  EXPECT_TRUE(*pages_.Start(fence_, Load(), scope, 12, clock_.Now(), Deadline()));

  EXPECT_EQ(LastRun().state, RunState::kRunning);
  EXPECT_EQ(LastRun().scope, scope);
  EXPECT_EQ(LastRun().expected_count, 12);
  EXPECT_EQ(LastRun().start_time, kStart);
}

TEST_F(PageStoreTest, ARunThatIsNotWhatTheTaskSaysDoesNotBegin) {
  const RunTask before = Load();
  Change([](Workflow& workflow) { workflow.filter = "lead_score >= 80"; });
  EXPECT_FALSE(*pages_.Start(fence_, before, {}, 0, clock_.Now(), Deadline()));

  const RunTask changed = Load();
  ASSERT_TRUE(runs_.Cancel(LastRun().id, clock_.Now(), Deadline()).ok());
  EXPECT_FALSE(*pages_.Start(fence_, changed, {}, 0, clock_.Now(), Deadline()));
}

TEST_F(PageStoreTest, ADecisionIsLedgerPageAndCursorAtOnce) {
  const auto decided = Decide(Load(), {3, 8});

  ASSERT_TRUE(decided.ok()) << decided.status();
  EXPECT_EQ(decided->outcome, Outcome::kDecided);
  EXPECT_THAT(decided->decision.send, ElementsAre(3, 8));
  EXPECT_EQ(decided->destination, (Destination{kWebhook, "Members"}));
  const RunTask task = Load();
  ASSERT_TRUE(task.pending);
  EXPECT_THAT(task.pending->contacts, ElementsAre(3, 8));
  EXPECT_EQ(task.pending->destination, decided->destination);
  EXPECT_EQ(task.pending->decide_time, clock_.Now());
  EXPECT_EQ(task.position, 0);
  EXPECT_EQ(task.run->cursor, 8);
  EXPECT_EQ(task.run->matched_count, 2);
  EXPECT_THAT(*pages_.Sent(workflow_, {1, 3, 8}, Deadline()), UnorderedElementsAre(3, 8));
}

TEST_F(PageStoreTest, ADecisionComesBeforeAMergeOrAfterIt) {
  const RunTask task = Load();

  const auto decided = During(
      [](pg::Transaction& transaction) {
        const auto locked =
            transaction.Execute(storage::kLockMembers, pg::Params().Add(kCommunity));
        if (!locked.ok()) return locked.status();
        return transaction
            .ExecuteDynamic(
                "INSERT INTO gone_contacts (community_id, contact_id, gone_time)"
                " VALUES ($1, 3, now())",
                pg::Params().Add(kCommunity))
            .status();
      },
      [&] {
        return Decide(task, {3, 8});
      });

  ASSERT_TRUE(decided.ok()) << decided.status();
  EXPECT_THAT(decided->decision.send, ElementsAre(8));
}

TEST_F(PageStoreTest, ADecisionComesBeforeAChangeOfTheWorkflowOrAfterIt) {
  const RunTask task = Load();

  const auto decided = During(
      [](pg::Transaction& transaction) {
        return transaction.ExecuteDynamic("UPDATE workflows SET version = version + 1").status();
      },
      [&] {
        return Decide(task, {3, 8});
      });

  ASSERT_TRUE(decided.ok()) << decided.status();
  EXPECT_EQ(decided->outcome, Outcome::kStale);
}

TEST_F(PageStoreTest, AMergeDoesNotBringBackAPageThatIsSettledMeanwhile) {
  ASSERT_TRUE(Decide(Load(), {3, 8}).ok());

  const auto changed = During(
      [&](pg::Transaction& transaction) {
        return transaction
            .Execute(storage::kClearPending, storage::KeyOf(workflow_).Add(int64_t{1}))
            .status();
      },
      [&] { return ledger_.Merge(kCommunity, 2, {3}, clock_.Now(), Deadline()); });

  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_THAT(*changed, IsEmpty());
  EXPECT_FALSE(Load().pending);
}

TEST_F(PageStoreTest, NothingIsDecidedWhileAPageIsPending) {
  ASSERT_TRUE(Decide(Load(), {1}).ok());

  EXPECT_TRUE(absl::IsAborted(Decide(Load(), {2}).status()));
  EXPECT_THAT(*pages_.Sent(workflow_, {2}, Deadline()), IsEmpty());
}

TEST_F(PageStoreTest, NothingIsDecidedForAWorkflowThatHasChanged) {
  const RunTask before = Load();
  Change([](Workflow& workflow) { workflow.webhook = 6; });

  EXPECT_EQ(Refused(before), Outcome::kStale);
}

TEST_F(PageStoreTest, NothingIsDecidedForACommunityThatWasErasedSince) {
  const RunTask before = Load();
  ASSERT_TRUE(ledger_.EraseCommunity(kCommunity, Deadline()).ok());

  EXPECT_EQ(Refused(before), Outcome::kStale);
  EXPECT_TRUE(Decide(Load(), {1}).ok());
}

TEST_F(PageStoreTest, NothingIsDecidedForARunThatHasEndedOrMoved) {
  RunTask elsewhere = Load();
  elsewhere.run->cursor = 5;
  EXPECT_EQ(Refused(elsewhere), Outcome::kEnded);

  const RunTask before = Load();
  ASSERT_TRUE(runs_.Cancel(LastRun().id, clock_.Now(), Deadline()).ok());
  EXPECT_EQ(Refused(before), Outcome::kEnded);
}

TEST_F(PageStoreTest, AllowanceAndDailyCapCutThePage) {
  Change([](Workflow& workflow) { workflow.max_deliveries_per_day = 3; });

  const auto by_rate = Decide(Load(), {1, 2, 3, 4}, /*allowance=*/2);
  ASSERT_TRUE(by_rate.ok()) << by_rate.status();
  EXPECT_THAT(by_rate->decision.send, ElementsAre(1, 2));
  EXPECT_EQ(by_rate->capped_until, std::nullopt);
  ASSERT_TRUE(pages_.Settle(fence_, Load(), 1, Deadline()).ok());

  const auto by_cap = Decide(Load(), {3, 4});
  ASSERT_TRUE(by_cap.ok()) << by_cap.status();
  EXPECT_THAT(by_cap->decision.send, ElementsAre(3));
  EXPECT_EQ(by_cap->capped_until, kStart + absl::Hours(23)) << "midnight in Berlin";
  EXPECT_EQ(Load().run->cursor, 3);
}

TEST_F(PageStoreTest, APageThatWasHandedOverIsSettled) {
  ASSERT_TRUE(Decide(Load(), {1, 2}).ok());
  const RunTask task = Load();

  ASSERT_TRUE(pages_.Settle(fence_, task, 1, Deadline()).ok());

  EXPECT_EQ(Load().position, 1);
  EXPECT_FALSE(Load().pending);
  EXPECT_EQ(LastRun().sent_count, 2);
  EXPECT_TRUE(absl::IsAborted(pages_.Settle(fence_, task, 1, Deadline()))) << "somebody did";
}

TEST_F(PageStoreTest, APageWhoseProducerWasMovedPastItIsPendingFromThere) {
  ASSERT_TRUE(Decide(Load(), {1, 2}).ok());

  ASSERT_TRUE(pages_.Settle(fence_, Load(), 2, Deadline()).ok());

  EXPECT_EQ(Load().position, 2);
  EXPECT_THAT(Load().pending, Optional(Field(&PendingPage::contacts, ElementsAre(1, 2))));
  EXPECT_EQ(LastRun().sent_count, 0);
}

TEST_F(PageStoreTest, HalfOfAPageIsDecidedOnAgain) {
  ASSERT_TRUE(Decide(Load(), {1, 2, 3, 4, 5}).ok());

  ASSERT_TRUE(pages_.Halve(fence_, Load(), 2, Deadline()).ok());

  const RunTask task = Load();
  EXPECT_EQ(task.position, 2);
  EXPECT_THAT(task.pending, Optional(Field(&PendingPage::contacts, ElementsAre(1, 2, 3))));
  EXPECT_THAT(*pages_.Sent(workflow_, {1, 2, 3, 4, 5}, Deadline()), UnorderedElementsAre(1, 2, 3));
  EXPECT_EQ(task.run->cursor, 3);
  EXPECT_EQ(task.run->matched_count, 3);
}

TEST_F(PageStoreTest, WhoIsUndecidedAgainLeavesRoomInTheDay) {
  Change([](Workflow& workflow) { workflow.max_deliveries_per_day = 4; });
  ASSERT_TRUE(Decide(Load(), {1, 2, 3, 4}).ok());
  ASSERT_TRUE(pages_.Halve(fence_, Load(), 2, Deadline()).ok());
  ASSERT_TRUE(pages_.Settle(fence_, Load(), 3, Deadline()).ok());

  const auto decided = Decide(Load(), {3, 4, 5});

  ASSERT_TRUE(decided.ok()) << decided.status();
  EXPECT_THAT(decided->decision.send, ElementsAre(3, 4));
  EXPECT_TRUE(decided->decision.cut);
}

TEST_F(PageStoreTest, APageOutlivesItsWorkflowUntilItIsHandedOver) {
  ASSERT_TRUE(Decide(Load(), {1, 2}).ok());
  Change([](Workflow& workflow) { workflow.state = State::kDeleted; });

  while (*runs_.Prune({kPartition}, kStart, Deadline())) {
  }

  EXPECT_THAT(Load().pending, Optional(Field(&PendingPage::contacts, ElementsAre(1, 2))));
}

TEST_F(PageStoreTest, AnotherCapReleasesOnlyWhatTheCapHolds) {
  for (const RunHold hold : {RunHold::kDailyCap, RunHold::kRetry}) {
    const absl::Status postponed = pages_.Postpone(
        fence_, Load(), {.hold = hold, .until = clock_.Now() + absl::Minutes(5)}, Deadline());
    ASSERT_EQ(postponed, absl::OkStatus());

    Change([](Workflow& workflow) { ++workflow.max_deliveries_per_day; });

    EXPECT_EQ(LastRun().hold, hold == RunHold::kDailyCap ? RunHold::kNone : hold);
  }
}

TEST_F(PageStoreTest, APostponedRunIsReadyInTime) {
  const absl::Time when = clock_.Now() + absl::Minutes(5);

  const absl::Status postponed = pages_.Postpone(
      fence_, Load(), {.hold = RunHold::kRetry, .until = when, .failures = 3, .error = "no answer"},
      Deadline());

  ASSERT_TRUE(postponed.ok()) << postponed;

  EXPECT_EQ(LastRun().hold, RunHold::kRetry);
  EXPECT_EQ(LastRun().hold_until, when);
  EXPECT_EQ(LastRun().failures, 3);
  EXPECT_EQ(LastRun().error, "no answer");
  EXPECT_THAT(Ready(when - absl::Seconds(1)), IsEmpty());
  EXPECT_THAT(Ready(when), ElementsAre(workflow_.id));
}

TEST_F(PageStoreTest, ATimeThatAClockAheadHasWrittenHoldsNoRun) {
  const auto postpone = [&](RunHold hold, absl::Duration by) {
    const absl::Time when = clock_.Now() + by;
    EXPECT_TRUE(pages_.Postpone(fence_, Load(), {.hold = hold, .until = when}, Deadline()).ok());
    return Ready(clock_.Now());
  };

  EXPECT_THAT(postpone(RunHold::kNone, absl::Hours(10)), ElementsAre(workflow_.id));
  EXPECT_THAT(postpone(RunHold::kRetry, absl::Hours(10)), ElementsAre(workflow_.id));
  EXPECT_THAT(postpone(RunHold::kDailyCap, absl::Hours(25)), IsEmpty());
  EXPECT_THAT(postpone(RunHold::kDailyCap, absl::Hours(26)), ElementsAre(workflow_.id));
  EXPECT_THAT(postpone(RunHold::kCommunityRate, absl::Hours(240)), IsEmpty())
      << "events come first";
}

TEST_F(PageStoreTest, ARunEndsUnderTheLockOfItsLedgerAlone) {
  const RunTask task = Load();
  const auto held = pool_.Run(Deadline(), [&](pg::Transaction& transaction) -> absl::Status {
    EXPECT_TRUE(transaction.Execute(storage::kLockLedger, storage::KeyOf(workflow_)).ok());
    const absl::Time soon = absl::Now() + absl::Milliseconds(200);
    EXPECT_FALSE(runs_.Cancel(task.run->id, clock_.Now(), soon).ok());
    EXPECT_FALSE(pages_.Finish(fence_, task, RunState::kSucceeded, "", clock_.Now(), soon).ok());
    return absl::OkStatus();
  });
  ASSERT_TRUE(held.ok()) << held;

  EXPECT_EQ(LastRun().state, RunState::kPending);
}

TEST_F(PageStoreTest, ARunThatSucceededIsTheLastScan) {
  const RunScope scope = {"lead_score >= 50", kStart, std::nullopt, kStart - absl::Hours(1)};
  ASSERT_TRUE(*pages_.Start(fence_, Load(), scope, 0, clock_.Now(), Deadline()));
  const RunTask task = Load();
  const auto finish = [&](RunState state) {
    return pages_.Finish(fence_, task, state, "", clock_.Now(), Deadline());
  };

  ASSERT_TRUE(finish(RunState::kSucceeded).ok());
  EXPECT_EQ(LastRun().state, RunState::kSucceeded);
  EXPECT_EQ(LastRun().end_time, clock_.Now());
  EXPECT_EQ(Load().last_scan, (LastScan{scope.filter, scope.head_time}));

  ASSERT_TRUE(finish(RunState::kFailed).ok());
  EXPECT_EQ(LastRun().state, RunState::kSucceeded) << "it has ended";
}

TEST_F(PageStoreTest, ARunThatFailedIsNotTheLastScan) {
  const RunTask task = Load();

  ASSERT_TRUE(
      pages_.Finish(fence_, task, RunState::kFailed, "refused", clock_.Now(), Deadline()).ok());

  EXPECT_EQ(LastRun().state, RunState::kFailed);
  EXPECT_EQ(LastRun().error, "refused");
  EXPECT_EQ(Load().last_scan, std::nullopt);
}

TEST_F(PageStoreTest, WhoHasWaitedLongestIsFoundFirst) {
  clock_.Advance(absl::Minutes(1));
  const WorkflowId second = CreateWorkflow();
  Change([](Workflow& workflow) { workflow.state = State::kEnabled; }, second);
  ASSERT_TRUE(Decide(Load(), {1}).ok());
  ASSERT_TRUE(runs_.Cancel(LastRun().id, clock_.Now(), Deadline()).ok());
  clock_.Advance(absl::Minutes(1));
  const WorkflowId third = CreateWorkflow();
  Change([](Workflow& workflow) { workflow.state = State::kEnabled; }, third);

  EXPECT_THAT(Ready(clock_.Now()), UnorderedElementsAre(workflow_.id, second.id, third.id))
      << "the first has left a page";
  EXPECT_EQ(Ready(clock_.Now()).back(), third.id);
  EXPECT_EQ(Ready(clock_.Now(), /*limit=*/1).size(), 1u);
  EXPECT_THAT(*pages_.FindReady({kPartition + 1}, clock_.Now(), 10, Deadline()), IsEmpty());
}

}  // namespace
}  // namespace crier::evaluator
