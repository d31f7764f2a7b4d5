// What every PaceStore must do.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_PACE_STORE_CONFORMANCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_PACE_STORE_CONFORMANCE_H_

#include <memory>

#include "gtest/gtest.h"
#include "services/evaluator/domain/limits/event_pace.h"

namespace crier::evaluator {

// Instantiated with a function that makes an empty store.
class PaceStoreConformance : public testing::TestWithParam<std::unique_ptr<PaceStore> (*)()> {
 protected:
  const std::unique_ptr<PaceStore> store_ = GetParam()();
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_PACE_STORE_CONFORMANCE_H_
