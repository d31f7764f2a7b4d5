#include "services/ingest/domain/fakes/fake_entity_store.h"

#include <memory>

#include "services/ingest/domain/writing/entity_store_conformance.h"

namespace crier::ingest {
namespace {

// With a partition for each community of the suite: their ids are counted there.
std::unique_ptr<EntityStore> MakeFakeStore() { return std::make_unique<FakeEntityStore>(16); }

INSTANTIATE_TEST_SUITE_P(Fake, EntityStoreConformance, testing::Values(&MakeFakeStore));

}  // namespace
}  // namespace crier::ingest
