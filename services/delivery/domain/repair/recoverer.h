// Carries out recoveries in the background.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_RECOVERER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_RECOVERER_H_

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "services/delivery/domain/repair/repair_store.h"

namespace crier::delivery {

// To be run by a PeriodicTask; used by one thread. How far a recovery is, is in the database alone,
// so it goes on wherever this stops.
class Recoverer {
 public:
  // `store` and `clock` must outlive the recoverer.
  Recoverer(RepairStore& store, const Clock& clock, metrics::Registry& metrics);

  // Makes a step if there is one to make, and returns when to go on.
  absl::Duration Run();

 private:
  RepairStore& store_;
  const Clock& clock_;
  prometheus::Counter& recovered_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_RECOVERER_H_
