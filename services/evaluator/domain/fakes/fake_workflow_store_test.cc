#include "services/evaluator/domain/fakes/fake_workflow_store.h"

#include <memory>

#include "gtest/gtest.h"
#include "services/evaluator/domain/workflows/workflow_store_conformance.h"

namespace crier::evaluator {
namespace {

class FakeStores : public StoresUnderTest {
 public:
  WorkflowStore& workflows() override { return store_; }
  CatalogStore& catalogs() override { return store_; }

 private:
  FakeWorkflowStore store_;
};

std::unique_ptr<StoresUnderTest> MakeFakeStores() { return std::make_unique<FakeStores>(); }

INSTANTIATE_TEST_SUITE_P(Fake, WorkflowStoreConformance, testing::Values(&MakeFakeStores));

}  // namespace
}  // namespace crier::evaluator
