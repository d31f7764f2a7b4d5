// What every WorkflowStore with its CatalogStore must do. A test of an implementation
// instantiates the suite:
//
//   INSTANTIATE_TEST_SUITE_P(Fake, WorkflowStoreConformance, testing::Values(&MakeFakeStores));
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_WORKFLOW_STORE_CONFORMANCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_WORKFLOW_STORE_CONFORMANCE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/matching/catalog_store.h"
#include "services/evaluator/domain/workflows/workflow_store.h"

namespace crier::evaluator {

// Both sides of an empty store.
class StoresUnderTest {
 public:
  virtual ~StoresUnderTest() = default;
  virtual WorkflowStore& workflows() = 0;
  virtual CatalogStore& catalogs() = 0;
};

class WorkflowStoreConformance
    : public testing::TestWithParam<std::unique_ptr<StoresUnderTest> (*)()> {
 protected:
  WorkflowStore& workflows() { return stores_->workflows(); }
  CatalogStore& catalogs() { return stores_->catalogs(); }

  static absl::Time Deadline();

  // Creates a workflow of community 1 that must be accepted.
  Workflow Create(const std::string& display_name = "name", const std::string& request_id = "");

  // Puts a workflow into a state while the log stands at `head_position` of partition 3.
  absl::StatusOr<Workflow> SetState(const WorkflowId& id, State state, int64_t head_position);

  // The revisions of partition 3 in the catalog.
  std::vector<Revision> Revisions(int64_t passed_position = 0);

  const std::unique_ptr<StoresUnderTest> stores_ = GetParam()();
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_WORKFLOW_STORE_CONFORMANCE_H_
