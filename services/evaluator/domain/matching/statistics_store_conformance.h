// What every StatisticsStore must do.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_STATISTICS_STORE_CONFORMANCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_STATISTICS_STORE_CONFORMANCE_H_

#include <memory>

#include "gtest/gtest.h"
#include "services/evaluator/domain/matching/statistics_store.h"

namespace crier::evaluator {

// Instantiated with a function that makes an empty store.
class StatisticsStoreConformance
    : public testing::TestWithParam<std::unique_ptr<StatisticsStore> (*)()> {
 protected:
  const std::unique_ptr<StatisticsStore> store_ = GetParam()();
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_STATISTICS_STORE_CONFORMANCE_H_
