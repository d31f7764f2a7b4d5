#include "services/evaluator/domain/fakes/fake_run_store.h"

#include <memory>

#include "gtest/gtest.h"
#include "services/evaluator/domain/runs/run_store_conformance.h"

namespace crier::evaluator {
namespace {

class FakeUnderTest : public RunStoreUnderTest {
 public:
  RunStore& runs() override { return store_; }

  WorkflowId Make(Template workflow_template, State state, const DailySchedule& schedule,
                  absl::Time now) override {
    Workflow workflow;
    workflow.id = {1, ++last_id_};
    workflow.workflow_template = workflow_template;
    workflow.state = state;
    workflow.schedule = schedule;
    store_.Put(workflow, now);
    return workflow.id;
  }

 private:
  FakeRunStore store_;
  int64_t last_id_ = 0;
};

std::unique_ptr<RunStoreUnderTest> MakeFake() { return std::make_unique<FakeUnderTest>(); }

INSTANTIATE_TEST_SUITE_P(Fake, RunStoreConformance, testing::Values(&MakeFake));

}  // namespace
}  // namespace crier::evaluator
