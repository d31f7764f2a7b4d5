#include "services/evaluator/domain/workflows/workflow_store_conformance.h"

#include <optional>
#include <random>
#include <set>
#include <thread>

#include "absl/time/clock.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/evaluator/domain/errors.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kCommunity = 1;
constexpr int32_t kLogPartition = 3;
const absl::Time kCreateTime = absl::FromUnixMicros(1'681'726'886'978'123);
const absl::Time kUpdateTime = kCreateTime + absl::Hours(1);

NewWorkflow MakeNew(const std::string& display_name, const std::string& request_id = "") {
  return {kCommunity, display_name, Template::kNewActivity, /*webhook=*/42, "title:*", request_id};
}

absl::Status Rename(Workflow& workflow, const std::string& display_name) {
  workflow.display_name = display_name;
  workflow.update_time = kUpdateTime;
  return absl::OkStatus();
}

}  // namespace

absl::Time WorkflowStoreConformance::Deadline() { return absl::Now() + absl::Seconds(30); }

Workflow WorkflowStoreConformance::Create(const std::string& display_name,
                                          const std::string& request_id) {
  const absl::StatusOr<Workflow> created =
      workflows().Create(MakeNew(display_name, request_id), kCreateTime, Deadline());
  EXPECT_TRUE(created.ok()) << created.status();
  return created.value_or(Workflow());
}

absl::StatusOr<Workflow> WorkflowStoreConformance::SetState(const WorkflowId& id, State state,
                                                            int64_t head_position) {
  return workflows().Change(
      id, {kLogPartition, head_position},
      [state](Workflow& workflow) {
        workflow.state = state;
        return absl::OkStatus();
      },
      Deadline());
}

std::vector<Revision> WorkflowStoreConformance::Revisions(int64_t passed_position) {
  const absl::StatusOr<Catalog> catalog =
      catalogs().Load(kLogPartition, passed_position, Deadline());
  EXPECT_TRUE(catalog.ok()) << catalog.status();
  if (!catalog.ok()) return {};
  const auto found = catalog->Find(kCommunity, Template::kNewActivity);
  return {found.begin(), found.end()};
}

TEST_P(WorkflowStoreConformance, CreatesADisabledWorkflowAndKeepsIt) {
  const Workflow created = Create("New activity");

  EXPECT_EQ(created.id.community, kCommunity);
  EXPECT_GT(created.id.id, 0);
  EXPECT_EQ(created.display_name, "New activity");
  EXPECT_EQ(created.workflow_template, Template::kNewActivity);
  EXPECT_EQ(created.webhook, 42);
  EXPECT_EQ(created.filter, "title:*");
  EXPECT_EQ(created.state, State::kDisabled);
  EXPECT_EQ(created.create_time, kCreateTime);
  EXPECT_EQ(created.update_time, kCreateTime);
  EXPECT_EQ(created.version, 1);
  const absl::StatusOr<Workflow> got = workflows().Get(created.id, Deadline());
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, created);
}

TEST_P(WorkflowStoreConformance, KnowsNoWorkflowOfAnotherCommunity) {
  const Workflow created = Create();
  const WorkflowId elsewhere = {kCommunity + 1, created.id.id};

  EXPECT_EQ(workflows().Get(elsewhere, Deadline()).status(), WorkflowNotFoundError(elsewhere));
  EXPECT_EQ(SetState(elsewhere, State::kEnabled, 1).status(), WorkflowNotFoundError(elsewhere));
}

TEST_P(WorkflowStoreConformance, ListsACommunityInTheOrderOfIds) {
  const Workflow first = Create("first");
  const Workflow second = Create("second");
  const Workflow third = Create("third");
  NewWorkflow foreign = MakeNew("foreign");
  foreign.community = kCommunity + 1;
  ASSERT_TRUE(workflows().Create(foreign, kCreateTime, Deadline()).ok());

  const auto all = workflows().List(kCommunity, 0, 10, Deadline());
  const auto page = workflows().List(kCommunity, first.id.id, 1, Deadline());

  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_THAT(*all, ElementsAre(first, second, third));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(*page, ElementsAre(second));
}

TEST_P(WorkflowStoreConformance, ARequestIdCreatesOnce) {
  const Workflow created = Create("first", "request");

  const Workflow repeated = Create("second", "request");

  EXPECT_EQ(repeated, created);
  EXPECT_EQ(workflows().List(kCommunity, 0, 10, Deadline())->size(), 1u);
}

TEST_P(WorkflowStoreConformance, ARequestIdReturnsTheWorkflowAsItIsNow) {
  const Workflow created = Create("first", "request");
  const auto changed = SetState(created.id, State::kEnabled, 1);
  ASSERT_TRUE(changed.ok()) << changed.status();

  EXPECT_EQ(Create("first", "request"), *changed);
  const auto found = workflows().FindByRequestId(kCommunity, "request", Deadline());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, *changed);
}

TEST_P(WorkflowStoreConformance, RequestIdsBelongToTheirCommunity) {
  const Workflow created = Create("here", "request");
  NewWorkflow elsewhere = MakeNew("elsewhere", "request");
  elsewhere.community = kCommunity + 1;

  const auto other = workflows().Create(elsewhere, kCreateTime, Deadline());

  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE(other->id.id, created.id.id);
  const auto none = workflows().FindByRequestId(kCommunity + 2, "request", Deadline());
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(*none, std::nullopt);
}

TEST_P(WorkflowStoreConformance, WithoutARequestIdEveryCallCreates) {
  EXPECT_NE(Create().id.id, Create().id.id);
  EXPECT_EQ(*workflows().FindByRequestId(kCommunity, "", Deadline()), std::nullopt);
}

TEST_P(WorkflowStoreConformance, ARequestIdCreatesOnceAmongConcurrentCalls) {
  std::vector<int64_t> ids(8);
  std::vector<std::thread> threads;
  for (int64_t& id : ids) threads.emplace_back([this, &id] { id = Create("n", "request").id.id; });
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(std::set<int64_t>(ids.begin(), ids.end()).size(), 1u);
  EXPECT_EQ(workflows().List(kCommunity, 0, 10, Deadline())->size(), 1u);
}

TEST_P(WorkflowStoreConformance, TheRequestIdOfADeletedWorkflowIsSpent) {
  const Workflow created = Create("name", "request");
  ASSERT_TRUE(SetState(created.id, State::kDeleted, 1).ok());

  EXPECT_EQ(workflows().Create(MakeNew("again", "request"), kCreateTime, Deadline()).status(),
            RequestIdSpentError());
  EXPECT_EQ(workflows().FindByRequestId(kCommunity, "request", Deadline()).status(),
            RequestIdSpentError());
}

TEST_P(WorkflowStoreConformance, ACommunityHasOnlySoManyWorkflows) {
  const Workflow first = Create();
  EXPECT_TRUE(workflows().CheckRoom(kCommunity, Deadline()).ok());
  for (int i = 1; i < kMaxWorkflowsPerCommunity; ++i) Create();

  EXPECT_EQ(workflows().Create(MakeNew("more"), kCreateTime, Deadline()).status(),
            TooManyWorkflowsError());
  EXPECT_EQ(workflows().CheckRoom(kCommunity, Deadline()), TooManyWorkflowsError());
  EXPECT_TRUE(workflows().CheckRoom(kCommunity + 1, Deadline()).ok());
  ASSERT_TRUE(SetState(first.id, State::kDeleted, 0).ok());
  EXPECT_TRUE(workflows().Create(MakeNew("more"), kCreateTime, Deadline()).ok());
}

TEST_P(WorkflowStoreConformance, StoresWhatAChangeMakesOfAWorkflow) {
  const Workflow created = Create("before");

  const auto changed = workflows().Change(
      created.id, {kLogPartition, 5}, [](Workflow& workflow) { return Rename(workflow, "after"); },
      Deadline());

  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->display_name, "after");
  EXPECT_EQ(changed->update_time, kUpdateTime);
  EXPECT_EQ(changed->create_time, kCreateTime);
  EXPECT_EQ(changed->version, 2);
  EXPECT_NE(changed->etag(), created.etag());
  EXPECT_EQ(*workflows().Get(created.id, Deadline()), *changed);
}

TEST_P(WorkflowStoreConformance, KeepsTheReasonOfAStop) {
  const Workflow created = Create();
  const auto stopped = workflows().Change(
      created.id, {kLogPartition, 5},
      [](Workflow& workflow) {
        workflow.stop_reason = StopReason::kWebhookDeleted;
        return absl::OkStatus();
      },
      Deadline());
  ASSERT_TRUE(stopped.ok()) << stopped.status();

  EXPECT_EQ(workflows().Get(created.id, Deadline())->stop_reason, StopReason::kWebhookDeleted);
}

TEST_P(WorkflowStoreConformance, AChangeThatChangesNothingStoresNothing) {
  const Workflow created = Create();
  const int64_t version = *catalogs().Version(kLogPartition, Deadline());

  const auto same = workflows().Change(
      created.id, {kLogPartition, 5}, [](Workflow&) { return absl::OkStatus(); }, Deadline());

  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(*same, created);
  EXPECT_EQ(*catalogs().Version(kLogPartition, Deadline()), version);
}

TEST_P(WorkflowStoreConformance, AChangeThatFailsStoresNothing) {
  const Workflow created = Create();

  const auto failed = workflows().Change(
      created.id, {kLogPartition, 5},
      [](Workflow& workflow) {
        workflow.display_name = "lost";
        return EtagMismatchError();
      },
      Deadline());

  EXPECT_EQ(failed.status(), EtagMismatchError());
  EXPECT_EQ(*workflows().Get(created.id, Deadline()), created);
}

TEST_P(WorkflowStoreConformance, ADeletedWorkflowIsGone) {
  const Workflow created = Create();
  ASSERT_TRUE(SetState(created.id, State::kDeleted, 1).ok());

  EXPECT_EQ(workflows().Get(created.id, Deadline()).status(), WorkflowNotFoundError(created.id));
  EXPECT_EQ(SetState(created.id, State::kEnabled, 1).status(), WorkflowNotFoundError(created.id));
  EXPECT_THAT(*workflows().List(kCommunity, 0, 10, Deadline()), IsEmpty());
}

TEST_P(WorkflowStoreConformance, KnowsTheWebhooksOfEnabledWorkflowsAndTheirSenders) {
  const Workflow first = Create();
  const Workflow second = Create();
  const Workflow disabled = Create();
  NewWorkflow elsewhere = MakeNew("elsewhere");
  elsewhere.webhook = 43;
  const Workflow other = *workflows().Create(elsewhere, kCreateTime, Deadline());
  for (const Workflow& workflow : {first, second, other}) {
    ASSERT_TRUE(SetState(workflow.id, State::kEnabled, 1).ok());
  }

  EXPECT_THAT(*workflows().EnabledWebhooks({}, 10, Deadline()),
              ElementsAre(WebhookId{kCommunity, 42}, WebhookId{kCommunity, 43}));
  EXPECT_THAT(*workflows().EnabledWebhooks({}, 1, Deadline()),
              ElementsAre(WebhookId{kCommunity, 42}));
  EXPECT_THAT(*workflows().EnabledWebhooks({kCommunity, 42}, 10, Deadline()),
              ElementsAre(WebhookId{kCommunity, 43}));
  EXPECT_THAT(*workflows().EnabledSenders({kCommunity, 42}, Deadline()),
              ElementsAre(first.id, second.id));
  EXPECT_THAT(*workflows().EnabledSenders({kCommunity + 1, 42}, Deadline()), IsEmpty());
}

TEST_P(WorkflowStoreConformance, AnEnabledWorkflowIsInForceFromTheHeadOn) {
  const Workflow created = Create("name");

  ASSERT_TRUE(SetState(created.id, State::kEnabled, 10).ok());

  EXPECT_THAT(Revisions(), ElementsAre(Revision{created.id, Template::kNewActivity, 42, "name",
                                                "title:*", 10, std::nullopt}));
}

TEST_P(WorkflowStoreConformance, DisabledAndDeletedWorkflowsStayInForceUpToTheHead) {
  for (const State state : {State::kDisabled, State::kDeleted}) {
    const Workflow created = Create("name");
    ASSERT_TRUE(SetState(created.id, State::kEnabled, 10).ok());

    ASSERT_TRUE(SetState(created.id, state, 20).ok());

    EXPECT_EQ(Revisions().back(),
              (Revision{created.id, Template::kNewActivity, 42, "name", "title:*", 10, 20}));
  }
}

TEST_P(WorkflowStoreConformance, AnUpdateInForceKeepsTheOldValuesForOldEvents) {
  const Workflow created = Create("before");
  ASSERT_TRUE(SetState(created.id, State::kEnabled, 10).ok());

  ASSERT_TRUE(workflows()
                  .Change(
                      created.id, {kLogPartition, 20},
                      [](Workflow& workflow) {
                        workflow.webhook = 43;
                        workflow.filter = "content:*";
                        return Rename(workflow, "after");
                      },
                      Deadline())
                  .ok());

  EXPECT_THAT(Revisions(), ElementsAre(Revision{created.id, Template::kNewActivity, 42, "before",
                                                "title:*", 10, 20},
                                       Revision{created.id, Template::kNewActivity, 43, "after",
                                                "content:*", 20, std::nullopt}));
}

TEST_P(WorkflowStoreConformance, RevisionsThatCoverNothingLeaveNoTrace) {
  const Workflow created = Create("name");
  ASSERT_TRUE(SetState(created.id, State::kEnabled, 10).ok());

  ASSERT_TRUE(SetState(created.id, State::kDisabled, 10).ok());
  EXPECT_THAT(Revisions(), IsEmpty());

  ASSERT_TRUE(SetState(created.id, State::kEnabled, 10).ok());
  EXPECT_THAT(Revisions(), ElementsAre(Revision{created.id, Template::kNewActivity, 42, "name",
                                                "title:*", 10, std::nullopt}));
}

TEST_P(WorkflowStoreConformance, AHeadFromBeforeARacingCallMovesNoBoundaryBack) {
  const Workflow created = Create("name");
  ASSERT_TRUE(SetState(created.id, State::kEnabled, 10).ok());
  ASSERT_TRUE(SetState(created.id, State::kDisabled, 20).ok());

  ASSERT_TRUE(SetState(created.id, State::kEnabled, 5).ok());

  EXPECT_THAT(
      Revisions(),
      ElementsAre(
          Revision{created.id, Template::kNewActivity, 42, "name", "title:*", 10, 20},
          Revision{created.id, Template::kNewActivity, 42, "name", "title:*", 20, std::nullopt}));
}

TEST_P(WorkflowStoreConformance, WhatHasPassedIsForgotten) {
  const Workflow created = Create("name");
  ASSERT_TRUE(SetState(created.id, State::kEnabled, 10).ok());
  ASSERT_TRUE(SetState(created.id, State::kDisabled, 20).ok());
  ASSERT_TRUE(SetState(created.id, State::kEnabled, 30).ok());

  EXPECT_EQ(Revisions(/*passed_position=*/19).size(), 2u);
  EXPECT_EQ(Revisions(/*passed_position=*/20).size(), 1u);
  EXPECT_THAT(Revisions(/*passed_position=*/0),
              ElementsAre(Revision{created.id, Template::kNewActivity, 42, "name", "title:*", 30,
                                   std::nullopt}));
}

TEST_P(WorkflowStoreConformance, TheCatalogVersionMovesWithEveryChangeOfThePartition) {
  const Workflow created = Create("name");
  const int64_t before = *catalogs().Version(kLogPartition, Deadline());
  const int64_t elsewhere = *catalogs().Version(kLogPartition + 1, Deadline());

  ASSERT_TRUE(SetState(created.id, State::kEnabled, 10).ok());

  const int64_t after = *catalogs().Version(kLogPartition, Deadline());
  EXPECT_GT(after, before);
  EXPECT_EQ(catalogs().Load(kLogPartition, 0, Deadline())->version(), after);
  EXPECT_EQ(*catalogs().Version(kLogPartition + 1, Deadline()), elsewhere);
  EXPECT_FALSE(catalogs().Load(kLogPartition + 1, 0, Deadline())->CoversAny(0, 1'000));
}

// Whatever others ask or change at the same time.
TEST_P(WorkflowStoreConformance, ACatalogVersionAskedForAfterAChangeHasMoved) {
  constexpr int32_t kPartitions = 6;
  constexpr int kChanges = 20;
  std::vector<std::thread> threads;
  for (int32_t partition = 0; partition < kPartitions; ++partition) {
    const WorkflowId id = Create().id;
    threads.emplace_back([this, partition, id] {
      int64_t last = *catalogs().Version(partition, Deadline());
      for (int i = 1; i <= kChanges; ++i) {
        const auto change = [i](Workflow& workflow) {
          workflow.state = i % 2 == 1 ? State::kEnabled : State::kDisabled;
          return absl::OkStatus();
        };
        ASSERT_TRUE(workflows().Change(id, {partition, 10 * i}, change, Deadline()).ok());
        const int64_t version = *catalogs().Version(partition, Deadline());
        EXPECT_GT(version, last);
        last = version;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(WorkflowStoreConformance, RacingChangesKeepRevisionsWellFormed) {
  constexpr int kThreads = 4;
  constexpr int kChanges = 25;
  const int seed = testing::UnitTest::GetInstance()->random_seed();
  const Workflow created = Create("name");

  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, &created, seed, t] {
      std::mt19937 random(seed + t);
      for (int i = 0; i < kChanges; ++i) {
        // Heads grow, and lag behind each other.
        const int64_t head = 10 * i + static_cast<int64_t>(random() % 30);
        const auto changed = workflows().Change(
            created.id, {kLogPartition, head},
            [&](Workflow& workflow) {
              workflow.state = i % 3 == 0 ? State::kDisabled : State::kEnabled;
              workflow.display_name = "by " + std::to_string(t) + " " + std::to_string(i);
              return absl::OkStatus();
            },
            Deadline());
        EXPECT_TRUE(changed.ok()) << changed.status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  const Workflow last = *workflows().Get(created.id, Deadline());
  EXPECT_EQ(last.version, 1 + kThreads * kChanges);
  int64_t boundary = 0;
  bool open = false;
  for (const Revision& revision : Revisions()) {
    EXPECT_FALSE(open) << "an open revision is not the last";
    EXPECT_GE(revision.from_position, boundary);
    open = !revision.until_position;
    if (open) break;
    EXPECT_GT(*revision.until_position, revision.from_position);
    boundary = *revision.until_position;
  }
  EXPECT_EQ(open, last.state == State::kEnabled);
}

}  // namespace crier::evaluator
