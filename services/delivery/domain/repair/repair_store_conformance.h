// What every RepairStore must do with recoveries. A test of an implementation instantiates the
// suite:
//
//   INSTANTIATE_TEST_SUITE_P(Fake, RepairStoreConformance, testing::Values(MakeFakeStore));
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_REPAIR_STORE_CONFORMANCE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_REPAIR_STORE_CONFORMANCE_H_

#include <functional>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "services/delivery/domain/repair/repair_store.h"

namespace crier::delivery {

// Makes an empty store; what it needs lives as long as the pointer.
using MakeRepairStore = std::function<std::shared_ptr<RepairStore>()>;

class RepairStoreConformance : public testing::TestWithParam<MakeRepairStore> {
 protected:
  // A recovery of all webhooks of the community.
  Recovery Start(int64_t community, const std::string& request_id = "");

  const std::shared_ptr<RepairStore> holder_ = GetParam()();
  RepairStore& store_ = *holder_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_REPAIR_STORE_CONFORMANCE_H_
