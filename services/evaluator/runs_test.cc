// Runs as a whole, on a real Postgres, against fakes of the other services: each member who meets
// the criteria is sent once, whatever happens on the way.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/pg/lease_store.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/domain/fake_contact_source.h"
#include "services/evaluator/domain/fake_delivery_sink.h"
#include "services/evaluator/domain/fake_event_source.h"
#include "services/evaluator/domain/member_changes.h"
#include "services/evaluator/domain/run_executor.h"
#include "services/evaluator/domain/run_workers.h"
#include "services/evaluator/storage/cap_store.h"
#include "services/evaluator/storage/member_ledger.h"
#include "services/evaluator/storage/page_store.h"
#include "services/evaluator/storage/run_store.h"
#include "services/evaluator/storage/schema.h"
#include "services/evaluator/storage/workflow_store.h"
#include "tests/support/test_database.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr int64_t kCommunity = 7;
constexpr int64_t kWebhook = 5;
constexpr int32_t kPartition = 0;
const absl::Time kStart = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01T00:00:00Z

absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

bool NeverStop() { return false; }

class RunsTest : public testing::Test {
 protected:
  using Run = evaluator::Run;  // testing::Test has one of its own

  RunsTest() {
    const absl::Status migrated = pg::Migrate(schema_, storage::SchemaMigrations());
    EXPECT_TRUE(migrated.ok()) << migrated;
    EXPECT_TRUE(leases_.InitializeSlots(1, Deadline()).ok());
    options_.min_backoff = options_.max_backoff = absl::Seconds(1);
    fence_ = TakeLease("replica");
    workflow_ = CreateWorkflow();
  }

  // The log partition's lease, as its only live owner.
  Fence TakeLease(const std::string& owner) {
    const auto result = leases_.Heartbeat(owner, absl::Minutes(10));
    EXPECT_TRUE(result.ok()) << result.status();
    EXPECT_THAT(result->held, SizeIs(1));
    return {owner, result->held.empty() ? lease::Lease() : result->held[0]};
  }

  void GiveLeaseBack(const std::string& owner) { EXPECT_TRUE(leases_.Release(owner).ok()); }

  WorkflowId CreateWorkflow(const std::string& filter = "lead_score >= 50") {
    NewWorkflow workflow;
    workflow.community = kCommunity;
    workflow.display_name = "Members";
    workflow.workflow_template = Template::kMembersThatMeetCriteria;
    workflow.webhook = kWebhook;
    workflow.filter = filter;
    workflow.schedule = {"Europe/Berlin", 9, 0};
    const auto created = workflows_.Create(workflow, clock_.Now(), Deadline());
    EXPECT_TRUE(created.ok()) << created.status();
    return created->id;
  }

  void Change(const std::function<void(Workflow&)>& edit, const WorkflowId& id) {
    const auto changed = workflows_.Change(
        id, *events_.Head(kCommunity, Deadline()),
        [&](Workflow& workflow) {
          edit(workflow);
          workflow.update_time = clock_.Now();
          return absl::OkStatus();
        },
        Deadline());
    ASSERT_TRUE(changed.ok()) << changed.status();
  }
  void Change(const std::function<void(Workflow&)>& edit) { Change(edit, workflow_); }

  void Enable() {
    Change([](Workflow& workflow) { workflow.state = State::kEnabled; });
  }
  void Disable() {
    Change([](Workflow& workflow) { workflow.state = State::kDisabled; });
  }

  // Stores a contact as the ingest service would: changed now, with an event.
  void Put(int64_t id, double score) {
    entity::v1::Contact contact;
    contact.set_lead_score(score);
    *contact.mutable_update_time() = api::ToProto(clock_.Now());
    contacts_.Put(kCommunity, id, contact);
    Append(Event::CONTACT_UPDATED, id);
  }

  Event Append(Event::Kind kind, int64_t id, const std::vector<int64_t>& merged = {}) {
    Event event;
    event.set_community_id(kCommunity);
    event.set_kind(kind);
    *event.mutable_accept_time() = api::ToProto(clock_.Now());
    const std::string name = api::ResourceName(api::kContacts, {kCommunity, id});
    if (kind == Event::CONTACT_DELETED) {
      event.set_deleted_contact(name);
    } else {
      event.mutable_contact()->set_name(name);
    }
    for (const int64_t loser : merged) {
      event.add_merged_contacts(api::ResourceName(api::kContacts, {kCommunity, loser}));
    }
    events_.Append(event);
    return event;
  }

  // What the evaluation of the log does with an event.
  void Apply(const Event& event) {
    Frame frame;
    *frame.Add() = event;
    const auto applied = changes_.Apply(frame, clock_.Now(), Deadline());
    ASSERT_TRUE(applied.ok()) << applied.status();
  }

  // The merge as the ingest service does it; the event is for the caller to apply.
  Event Merge(int64_t winner, int64_t loser) {
    contacts_.Merge(kCommunity, winner, loser, clock_.Now());
    return Append(Event::CONTACT_MERGED, winner, {loser});
  }

  RunExecutor MakeExecutor() {
    return RunExecutor(pages_, contacts_, events_, deliveries_, rate_, clock_, metrics_, options_);
  }

  // Works on what is ready under the fence, a slice each, until nothing is.
  void Work(const Fence& fence, int slices = 1'000) {
    RunExecutor executor = MakeExecutor();
    for (; slices > 0; --slices) {
      const auto ready = pages_.FindReady({kPartition}, clock_.Now(), 10, Deadline());
      ASSERT_TRUE(ready.ok()) << ready.status();
      if (ready->empty()) return;
      executor.Work(fence, ready->front().workflow, NeverStop);
    }
  }
  void Work() { Work(fence_); }

  Run LastRun(const WorkflowId& id) {
    const auto runs = runs_.List(id, INT64_MAX, 1, Deadline());
    EXPECT_TRUE(runs.ok()) << runs.status();
    return runs->empty() ? Run() : runs->front();
  }
  Run LastRun() { return LastRun(workflow_); }

  ReleaseStatus Status() {
    const auto statuses = caps_.Get(kCommunity, {workflow_.id}, clock_.Now(), Deadline());
    EXPECT_TRUE(statuses.ok()) << statuses.status();
    return statuses->at(workflow_.id);
  }

  void BeginRun(bool full_scan = false) {
    const auto begun =
        runs_.Begin(workflow_, RunTrigger::kManual, full_scan, clock_.Now(), Deadline());
    ASSERT_TRUE(begun.ok()) << begun.status();
  }

  // The contacts that were handed over, in the order of hand-over.
  std::vector<int64_t> Sent() const {
    std::vector<int64_t> sent;
    for (const auto& message : deliveries_.messages()) {
      const auto id = api::ParseResource("name", api::kContacts, message.event().contact().name());
      sent.push_back(id.ok() ? id->id : -1);
    }
    return sent;
  }

  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName();
  pg::Pool pool_{schema_, {.size = 8}};
  pg::PgLeaseStore leases_{pool_};
  storage::PgWorkflowStore workflows_{pool_};
  storage::PgRunStore runs_{pool_};
  storage::PgPageStore pages_{pool_};
  storage::PgMemberLedger ledger_{pool_};
  storage::PgCapStore caps_{pool_};
  FakeClock clock_{kStart};
  FakeContactSource contacts_;
  FakeEventSource events_{1};
  FakeDeliverySink deliveries_;
  MemberChanges changes_{ledger_, deliveries_};
  metrics::Registry registry_;
  RunMetrics metrics_{registry_};
  SendRate rate_{0};
  RunOptions options_;
  Fence fence_;
  WorkflowId workflow_;
};

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

// The hand-over of a page is interrupted after its decision; what happens then is the test's.
class PendingPageTest : public RunsTest {
 protected:
  // Decides on all members, and does no more.
  void DecideAndDie() {
    Enable();
    RunTask task = *pages_.Load(workflow_, Deadline());
    const RunScope scope =
        MakeRunScope(task.filter, std::nullopt, true, std::nullopt, clock_.Now());
    ASSERT_TRUE(*pages_.Start(fence_, task, scope, 0, clock_.Now(), Deadline()));
    std::vector<Candidate> candidates;
    auto stream = contacts_.Stream(kCommunity, task.filter, clock_.Now(), 0, Deadline());
    const std::vector<FoundContact> all = *stream->Next();
    for (const FoundContact& found : all) candidates.push_back(found.candidate);
    const auto decided = pages_.Decide(fence_, task, candidates, 100, clock_.Now(), Deadline());
    ASSERT_TRUE(decided.ok()) << decided.status();
    ASSERT_EQ(decided->decision.send.size(), candidates.size());
  }

  // The page as it was decided on arrives at the delivery service late.
  int64_t ArriveLate() {
    Batch batch;
    batch.next_position = 1;
    auto& message = *batch.messages.Add();
    message.mutable_event()->mutable_contact()->set_name("communities/7/contacts/999");
    return *deliveries_.Enqueue(RunProducer(workflow_), 0, std::move(batch), Deadline());
  }
};

TEST_F(PendingPageTest, IsHandedOverByWhoeverComesNext) {
  Put(1, 90);
  Put(2, 90);
  DecideAndDie();
  Put(1, 10);  // decided is decided; what is sent is what the member is by now

  Work();

  EXPECT_THAT(Sent(), ElementsAre(1, 2));
  EXPECT_EQ(deliveries_.messages()[0].event().contact().lead_score(), 10);
  EXPECT_EQ(LastRun().sent_count, 2);
}

TEST_F(PendingPageTest, ThatHasArrivedIsNotHandedOverAgain) {
  Put(1, 90);
  DecideAndDie();
  ASSERT_EQ(ArriveLate(), 1);

  Work();

  EXPECT_THAT(Sent(), ElementsAre(999));
  EXPECT_EQ(LastRun().state, RunState::kSucceeded);
}

TEST_F(PendingPageTest, OfACancelledRunIsStillHandedOver) {
  Put(1, 90);
  DecideAndDie();
  ASSERT_TRUE(runs_.Cancel(LastRun().id, clock_.Now(), Deadline()).ok());

  Work();

  EXPECT_THAT(Sent(), ElementsAre(1));
  EXPECT_EQ(LastRun().state, RunState::kCancelled);
  EXPECT_EQ(LastRun().sent_count, 1);
}

TEST_F(PendingPageTest, DoesNotBringBackWhoWasDeleted) {
  Put(1, 90);
  Put(2, 90);
  DecideAndDie();

  contacts_.Delete(kCommunity, 1);
  Apply(Append(Event::CONTACT_DELETED, 1));
  EXPECT_NE(ArriveLate(), 1) << "a call that was under way changes nothing";
  Work();

  EXPECT_THAT(Sent(), ElementsAre(2));
}

TEST_F(PendingPageTest, DoesNotBringBackACommunityThatWasDeleted) {
  Put(1, 90);
  DecideAndDie();

  contacts_.Delete(kCommunity, 1);
  Event deleted;
  deleted.set_community_id(kCommunity);
  deleted.set_kind(Event::COMMUNITY_DELETED);
  Apply(deleted);
  EXPECT_NE(ArriveLate(), 1);
  Work();

  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(PendingPageTest, SendsWhoWasMergedOnce) {
  Put(1, 90);
  Put(2, 90);
  DecideAndDie();

  const Event merged = Merge(/*winner=*/1, /*loser=*/2);
  Apply(merged);
  EXPECT_NE(ArriveLate(), 1);
  Apply(merged);
  Work();

  EXPECT_THAT(Sent(), ElementsAre(1));
}

TEST_F(PendingPageTest, SendsWhoWasMergedOnceBeforeTheEventIsSeen) {
  Put(1, 90);
  Put(2, 90);
  DecideAndDie();

  const Event merged = Merge(/*winner=*/1, /*loser=*/2);
  Work();
  Apply(merged);
  BeginRun(/*full_scan=*/true);
  Work();

  EXPECT_THAT(Sent(), ElementsAre(1));
}

TEST_F(PendingPageTest, LeavesOutWhoWasMergedIntoSomebodyWhoWasSent) {
  Put(1, 90);
  DecideAndDie();
  Work();
  ASSERT_THAT(Sent(), ElementsAre(1));
  Put(2, 90);
  BeginRun(/*full_scan=*/true);
  RunTask task = *pages_.Load(workflow_, Deadline());
  const RunScope scope = MakeRunScope(task.filter, std::nullopt, true, std::nullopt, clock_.Now());
  ASSERT_TRUE(*pages_.Start(fence_, task, scope, 0, clock_.Now(), Deadline()));
  ASSERT_TRUE(pages_.Decide(fence_, task, {{1, {}}, {2, {}}}, 100, clock_.Now(), Deadline()).ok());

  Apply(Merge(/*winner=*/1, /*loser=*/2));
  Work();

  EXPECT_THAT(Sent(), ElementsAre(1));
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
  EXPECT_EQ(reason(pages_.Postpone(fence_, task, RunHold::kRetry, now, 1, "", Deadline())),
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

// Replicas, faults, merges, deletions and changes of members at random. In the end every person who
// meets the criteria was sent, as one of the contacts that they were, and nobody twice.
TEST_F(RunsTest, NoneIsMissingAndNoneIsSentTwiceWhateverHappens) {
  const int seed = testing::UnitTest::GetInstance()->random_seed();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  const auto chance = [&](double p) {
    return std::uniform_real_distribution<double>(0, 1)(random) < p;
  };
  FakeDeliverySink deliveries([&] {
    if (!chance(0.2)) return Fault::kNone;
    return chance(0.5) ? Fault::kBefore : Fault::kAfter;
  });
  MemberChanges changes(ledger_, deliveries);
  std::map<int64_t, int64_t> winner_of;  // contact → the person's contact now
  std::set<int64_t> deleted;
  std::vector<Event> unseen;
  int64_t last_id = 0;
  const auto live = [&](int64_t id) { return winner_of[id] == id && !deleted.contains(id); };
  const auto put = [&](int64_t id) { Put(id, chance(0.8) ? 90 : 10); };
  const auto apply_some = [&] {
    while (!unseen.empty() && chance(0.5)) {
      Frame frame;
      *frame.Add() = unseen.front();
      if (changes.Apply(frame, clock_.Now(), Deadline()).ok()) unseen.erase(unseen.begin());
    }
  };
  const auto sent_now = [&] {
    std::set<int64_t> sent;
    for (const auto& message : deliveries.messages()) {
      sent.insert(api::ParseResource("name", api::kContacts, message.event().contact().name())->id);
    }
    return sent;
  };
  const auto disturb = [&] {
    clock_.Advance(absl::Seconds(1));
    if (chance(0.5)) put(++last_id), winner_of[last_id] = last_id;
    if (last_id > 1 && chance(0.5)) {
      const int64_t a = 1 + random() % last_id;
      const int64_t b = 1 + random() % last_id;
      if (a < b && live(a) && live(b)) {
        unseen.push_back(Merge(a, b));
        for (auto& [contact, winner] : winner_of) {
          if (winner == b) winner = a;
        }
      } else if (live(a)) {
        put(a);
      }
    }
    if (last_id > 1 && chance(0.1)) {
      const int64_t a = 1 + random() % last_id;
      if (live(a)) {
        deleted.insert(a);
        contacts_.Delete(kCommunity, a);
        std::vector<int64_t> merged;
        for (const auto& [contact, winner] : winner_of) {
          if (winner == a && contact != a) merged.push_back(contact);
        }
        unseen.push_back(Append(Event::CONTACT_DELETED, a, merged));
      }
    }
    apply_some();
  };
  for (int i = 0; i < 60; ++i) put(++last_id), winner_of[last_id] = last_id;
  contacts_.SetPageSize(7);
  contacts_.SetBeforePage(disturb);
  options_.slice = absl::Hours(1);
  RunExecutor executor(pages_, contacts_, events_, deliveries, rate_, clock_, metrics_, options_);
  Enable();

  std::string owner = "replica";
  for (int round = 0; round < 120; ++round) {
    if (chance(0.2)) {
      GiveLeaseBack(owner);
      owner = absl::StrCat("replica ", round);
      fence_ = TakeLease(owner);
    }
    const int stop_after = static_cast<int>(random() % 6);
    int pages = 0;
    executor.Work(fence_, workflow_, [&] { return ++pages > stop_after; });
    clock_.Advance(absl::Seconds(2));
    if (IsFinished(LastRun().state)) BeginRun(chance(0.2));
  }
  // Quiet at last: one more run over what is left.
  contacts_.SetBeforePage(nullptr);
  while (!unseen.empty()) apply_some();
  for (int i = 0; i < 400 && !IsFinished(LastRun().state); ++i) {
    executor.Work(fence_, workflow_, NeverStop);
    clock_.Advance(absl::Seconds(2));
  }
  BeginRun();
  for (int i = 0; i < 400 && !IsFinished(LastRun().state); ++i) {
    executor.Work(fence_, workflow_, NeverStop);
    clock_.Advance(absl::Seconds(2));
  }
  ASSERT_EQ(LastRun().state, RunState::kSucceeded) << LastRun().error;

  std::map<int64_t, int> times;
  for (const auto& message : deliveries.messages()) {
    ++times[api::ParseResource("name", api::kContacts, message.event().contact().name())->id];
  }
  for (const auto& [contact, count] : times) EXPECT_EQ(count, 1) << "contact " << contact;
  std::set<int64_t> people_sent;
  for (const int64_t contact : sent_now()) people_sent.insert(winner_of[contact]);
  contacts_.SetPageSize(10'000);
  const std::vector<FoundContact> matching =
      *contacts_.Stream(kCommunity, "lead_score >= 50", clock_.Now(), 0, Deadline())->Next();
  for (const FoundContact& found : matching) {
    EXPECT_TRUE(people_sent.contains(found.candidate.contact))
        << "contact " << found.candidate.contact << " is missing";
  }
}

// The calendar and the threads, by a clock that the test moves.
class RunWorkersTest : public RunsTest {
 protected:
  void StartWorkers() {
    executor_.emplace(pages_, contacts_, events_, deliveries_, rate_, clock_, metrics_, options_);
    workers_.emplace(runs_, pages_, *executor_, "replica", clock_,
                     RunWorkerOptions{.poll = absl::Milliseconds(5)});
    workers_->Add(fence_.lease);
    workers_->Start();
  }

  // The runs so far, oldest first, once `count` have ended.
  std::vector<Run> WaitForRuns(size_t count) {
    while (true) {
      std::vector<Run> runs = *runs_.List(workflow_, INT64_MAX, 100, Deadline());
      const bool ended = runs.empty() || IsFinished(runs.front().state);
      if (ended && runs.size() >= count) return {runs.rbegin(), runs.rend()};
      std::this_thread::yield();
    }
  }

  std::optional<RunExecutor> executor_;
  std::optional<RunWorkers> workers_;
};

TEST_F(RunWorkersTest, RunAtEnableAndThenDailyAtTheLocalTime) {
  Put(1, 90);
  StartWorkers();
  Enable();
  WaitForRuns(1);
  EXPECT_EQ(Status().next_run_time, kStart + absl::Hours(8));

  clock_.Advance(absl::Hours(8));
  Put(2, 90);
  std::vector<Run> runs = WaitForRuns(2);
  EXPECT_EQ(runs[1].trigger, RunTrigger::kSchedule);
  EXPECT_EQ(runs[1].create_time, kStart + absl::Hours(8));

  clock_.Advance(absl::Hours(24 * 5));  // five slots: made up for by one run
  runs = WaitForRuns(3);
  clock_.Advance(absl::Hours(23));
  EXPECT_EQ(Status().next_run_time, kStart + absl::Hours(8 + 24 * 6));
  clock_.Advance(absl::Hours(1));
  runs = WaitForRuns(4);

  EXPECT_THAT(runs, SizeIs(4));
  EXPECT_THAT(Sent(), ElementsAre(1, 2));
}

TEST_F(RunWorkersTest, WorkOnNothingWithoutTheLease) {
  Put(1, 90);
  StartWorkers();
  workers_->Remove(fence_.lease);
  workers_->Remove(fence_.lease);
  Enable();
  workers_->Stop();
  EXPECT_EQ(LastRun().state, RunState::kPending);

  workers_.reset();
  StartWorkers();
  WaitForRuns(1);
  EXPECT_THAT(Sent(), ElementsAre(1));
}

}  // namespace
}  // namespace crier::evaluator
