// What every CapStore must do.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_CAP_STORE_CONFORMANCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_CAP_STORE_CONFORMANCE_H_

#include <memory>

#include "gtest/gtest.h"
#include "services/evaluator/domain/limits/event_caps.h"

namespace crier::evaluator {

// Instantiated with a function that makes an empty store.
class CapStoreConformance : public testing::TestWithParam<std::unique_ptr<CapStore> (*)()> {
 protected:
  const std::unique_ptr<CapStore> store_ = GetParam()();
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_CAP_STORE_CONFORMANCE_H_
