// Carries out erasures in the background.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_ERASER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_ERASER_H_

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "services/delivery/domain/repair/erasure_store.h"

namespace crier::delivery {

// To be run by a PeriodicTask; used by one thread. What is to be done, and how far it is, is in the
// database alone, so it may stop anywhere and go on in another process.
class Eraser {
 public:
  // `store` and `clock` must outlive the eraser.
  Eraser(ErasureStore& store, const Clock& clock, metrics::Registry& metrics);

  // Makes steps until nothing is due, but few enough that the caller is not kept from stopping.
  // Returns when to go on.
  absl::Duration Run();

 private:
  ErasureStore& store_;
  const Clock& clock_;
  prometheus::Counter& erased_;
  prometheus::Counter& cancelled_;
  prometheus::Counter& completed_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_ERASER_H_
