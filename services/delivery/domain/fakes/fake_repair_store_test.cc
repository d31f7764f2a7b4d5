#include "services/delivery/domain/fakes/fake_repair_store.h"

#include "services/delivery/domain/repair/repair_store_conformance.h"

namespace crier::delivery {
namespace {

INSTANTIATE_TEST_SUITE_P(Fake, RepairStoreConformance,
                         testing::Values([] { return std::make_shared<FakeRepairStore>(); }));

}  // namespace
}  // namespace crier::delivery
