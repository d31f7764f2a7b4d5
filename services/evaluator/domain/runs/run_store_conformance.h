// What every RunStore must do.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_STORE_CONFORMANCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_STORE_CONFORMANCE_H_

#include <memory>

#include "gtest/gtest.h"
#include "services/evaluator/domain/runs/run_store.h"

namespace crier::evaluator {

// A store, and how workflows come into it.
class RunStoreUnderTest {
 public:
  virtual ~RunStoreUnderTest() = default;

  virtual RunStore& runs() = 0;
  // Makes a workflow of community 1, in log partition 0, and brings it into a state.
  virtual WorkflowId Make(Template workflow_template, State state, const DailySchedule& schedule,
                          absl::Time now) = 0;
};

// Instantiated with a function that makes an empty store.
class RunStoreConformance
    : public testing::TestWithParam<std::unique_ptr<RunStoreUnderTest> (*)()> {
 protected:
  using Run = evaluator::Run;  // testing::Test has one of its own

  const std::unique_ptr<RunStoreUnderTest> stores_ = GetParam()();
  RunStore& store_ = stores_->runs();
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_STORE_CONFORMANCE_H_
