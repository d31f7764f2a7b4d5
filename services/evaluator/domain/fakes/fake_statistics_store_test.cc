#include "services/evaluator/domain/fakes/fake_statistics_store.h"

#include <memory>

#include "gtest/gtest.h"
#include "services/evaluator/domain/matching/statistics_store_conformance.h"

namespace crier::evaluator {
namespace {

std::unique_ptr<StatisticsStore> MakeFake() { return std::make_unique<FakeStatisticsStore>(); }

INSTANTIATE_TEST_SUITE_P(Fake, StatisticsStoreConformance, testing::Values(&MakeFake));

}  // namespace
}  // namespace crier::evaluator
