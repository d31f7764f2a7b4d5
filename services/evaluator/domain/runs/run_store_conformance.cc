#include "services/evaluator/domain/runs/run_store_conformance.h"

#include <cstdint>
#include <limits>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "services/evaluator/domain/errors.h"

namespace crier::evaluator {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01T00:00:00Z
const DailySchedule kAtNine = {"Europe/Berlin", 9, 0};
constexpr int64_t kNewest = std::numeric_limits<int64_t>::max();

absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

WorkflowId MakeEnabled(RunStoreUnderTest& stores) {
  return stores.Make(Template::kMembersThatMeetCriteria, State::kEnabled, kAtNine, kNow);
}

TEST_P(RunStoreConformance, AnEnableBeginsARun) {
  const WorkflowId id = MakeEnabled(*stores_);

  const std::vector<Run> runs = *store_.List(id, kNewest, 10, Deadline());

  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].state, RunState::kPending);
  EXPECT_EQ(runs[0].trigger, RunTrigger::kEnable);
  EXPECT_EQ(runs[0].create_time, kNow);
  EXPECT_EQ(*store_.Get(runs[0].id, Deadline()), runs[0]);
}

TEST_P(RunStoreConformance, ARunNeedsAnEnabledWorkflowThatHasRunsAndNoOther) {
  const auto begin = [&](const WorkflowId& id) {
    return store_.Begin(id, RunTrigger::kManual, true, kNow, Deadline()).status();
  };
  const WorkflowId id = MakeEnabled(*stores_);
  const RunId first = store_.List(id, kNewest, 1, Deadline())->front().id;

  EXPECT_EQ(begin(id), RunUnfinishedError(first));
  EXPECT_EQ(begin({1, 999}), WorkflowNotFoundError({1, 999}));
  EXPECT_EQ(begin({2, id.id}), WorkflowNotFoundError({2, id.id}));
  EXPECT_EQ(begin(stores_->Make(Template::kNewMember, State::kEnabled, {}, kNow)),
            WorkflowHasNoRunsError());
  EXPECT_EQ(begin(stores_->Make(Template::kMembersThatMeetCriteria, State::kDisabled, {}, kNow)),
            WorkflowDisabledError());
}

TEST_P(RunStoreConformance, ACancelledRunMakesRoomForTheNext) {
  const WorkflowId id = MakeEnabled(*stores_);
  const RunId first = store_.List(id, kNewest, 1, Deadline())->front().id;

  const auto cancelled = store_.Cancel(first, kNow + absl::Seconds(1), Deadline());
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state, RunState::kCancelled);
  EXPECT_EQ(cancelled->end_time, kNow + absl::Seconds(1));
  EXPECT_EQ(*store_.Cancel(first, kNow + absl::Seconds(2), Deadline()), *cancelled) << "again";
  const auto second =
      store_.Begin(id, RunTrigger::kManual, true, kNow + absl::Seconds(3), Deadline());
  ASSERT_TRUE(second.ok()) << second.status();

  EXPECT_TRUE(second->full_scan_wanted);
  EXPECT_GT(second->id.id, first.id);
  const std::vector<Run> runs = *store_.List(id, kNewest, 10, Deadline());
  ASSERT_THAT(runs, SizeIs(2));
  EXPECT_EQ(runs[0], *second);
  EXPECT_EQ(store_.List(id, kNewest, 1, Deadline())->front(), *second);
  EXPECT_EQ(store_.List(id, second->id.id, 10, Deadline())->front(), *cancelled);
}

TEST_P(RunStoreConformance, SaysWhatDoesNotExist) {
  const WorkflowId id = MakeEnabled(*stores_);
  const RunId run = {id, 999'999};

  EXPECT_EQ(store_.Get(run, Deadline()).status(), RunNotFoundError(run));
  EXPECT_EQ(store_.Cancel(run, kNow, Deadline()).status(), RunNotFoundError(run));
  EXPECT_EQ(store_.List({1, 999}, kNewest, 10, Deadline()).status(),
            WorkflowNotFoundError({1, 999}));
  EXPECT_THAT(*store_.List(stores_->Make(Template::kNewMember, State::kEnabled, {}, kNow), kNewest,
                           10, Deadline()),
              IsEmpty());
}

TEST_P(RunStoreConformance, ASlotIsTakenOnce) {
  const WorkflowId id = MakeEnabled(*stores_);
  const RunId first = store_.List(id, kNewest, 1, Deadline())->front().id;
  ASSERT_TRUE(store_.Cancel(first, kNow, Deadline()).ok());
  const absl::Time slot = kNow + absl::Hours(8);
  EXPECT_THAT(*store_.Due({0}, slot - absl::Seconds(1), 10, Deadline()), IsEmpty());
  EXPECT_THAT(*store_.Due({1}, slot, 10, Deadline()), IsEmpty()) << "another log partition";
  const std::vector<ScheduledWorkflow> due = *store_.Due({0}, slot, 10, Deadline());
  ASSERT_THAT(due, SizeIs(1));
  EXPECT_EQ(due[0].next_slot, slot);
  EXPECT_EQ(due[0].schedule, kAtNine);

  const DueSlot take = {slot, slot + absl::Hours(24)};
  ASSERT_TRUE(store_.TakeSlot(due[0], take, slot, Deadline()).ok());
  const RunId second = store_.List(id, kNewest, 1, Deadline())->front().id;
  ASSERT_TRUE(store_.Cancel(second, slot, Deadline()).ok());
  ASSERT_TRUE(store_.TakeSlot(due[0], take, slot, Deadline()).ok());

  const std::vector<Run> runs = *store_.List(id, kNewest, 10, Deadline());
  ASSERT_THAT(runs, SizeIs(2)) << "also when the run of the slot is over";
  EXPECT_EQ(runs[0].trigger, RunTrigger::kSchedule);
  EXPECT_THAT(*store_.Due({0}, slot, 10, Deadline()), IsEmpty());
}

TEST_P(RunStoreConformance, OldRunsAreRemoved) {
  const WorkflowId id = MakeEnabled(*stores_);
  const RunId first = store_.List(id, kNewest, 1, Deadline())->front().id;
  ASSERT_TRUE(store_.Cancel(first, kNow, Deadline()).ok());
  const auto second = store_.Begin(id, RunTrigger::kManual, false, kNow, Deadline());
  ASSERT_TRUE(second.ok()) << second.status();

  ASSERT_TRUE(store_.Prune({0}, kNow, Deadline()).ok());
  EXPECT_TRUE(store_.Get(first, Deadline()).ok());
  ASSERT_TRUE(store_.Prune({0}, kNow + absl::Seconds(1), Deadline()).ok());

  EXPECT_EQ(store_.Get(first, Deadline()).status(), RunNotFoundError(first));
  EXPECT_TRUE(store_.Get(second->id, Deadline()).ok());
}

}  // namespace
}  // namespace crier::evaluator
