// The calendar and the threads that work on runs.
#include "services/evaluator/domain/runs/run_workers.h"

#include <optional>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/runs_fixture.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// The calendar and the threads, by a clock that the test moves.
class RunWorkersTest : public RunsTest {
 protected:
  void StartWorkers(const RunWorkerOptions& options = {.poll = absl::Milliseconds(5)}) {
    executor_.emplace(pages_, contacts_, events_, deliveries_, rate_, clock_, metrics_, options_);
    workers_.emplace(runs_, pages_, *executor_, "replica", clock_, options);
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

TEST_F(RunWorkersTest, GoOnDailyAfterAClockThatWasDaysAhead) {
  StartWorkers();
  Enable();
  WaitForRuns(1);
  clock_.Step(absl::Hours(24 * 2));
  WaitForRuns(2);

  clock_.Step(-absl::Hours(24 * 2));
  while (Status().next_run_time != kStart + absl::Hours(8)) std::this_thread::yield();
  clock_.Advance(absl::Hours(8));

  EXPECT_EQ(WaitForRuns(3)[2].create_time, kStart + absl::Hours(8));
}

TEST_F(RunWorkersTest, LeaveAPageThatCannotBeHandedOverForALittleAndGoOnWithOthers) {
  Put(1, 90);
  deliveries_.MoveProducer(RunProducer(workflow_), -1);  // its database was set back
  Enable();
  Work(fence_, 1);
  Disable();
  ASSERT_EQ(pages_.FindReady({kPartition}, clock_.Now(), 1, Deadline())->size(), 1u);
  clock_.Advance(absl::Seconds(1));
  workflow_ = CreateWorkflow();
  Enable();

  StartWorkers({.threads = 1, .poll = absl::Milliseconds(5)});
  WaitForRuns(1);

  EXPECT_THAT(Sent(), ElementsAre(1));
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
