// Where erasures are recorded and carried out.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_ERASURE_STORE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_ERASURE_STORE_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace crier::delivery {

// What one step has done.
struct ErasureStep {
  bool found = false;  // an erasure was due; otherwise nothing was done
  int erased = 0;      // deliveries
  int cancelled = 0;   // of these were pending
  bool swept = false;  // nothing is left of this sweep
  bool over = false;   // nor of the erasure
};

// Implementations are thread-safe, and several replicas may work at once: each step is a
// transaction with an erasure of its own. Everything that is found is erased in the first of two
// sweeps. The second, an hour later, is for what was enqueued by a producer that had not heard of
// the deletion.
class ErasureStore {
 public:
  virtual ~ErasureStore() = default;

  // Goes on with the erasure that is due for longest, by `max_deliveries` at most. UNAVAILABLE and
  // the like when the database is away; then nothing was done, or the step as a whole.
  virtual absl::StatusOr<ErasureStep> Step(int max_deliveries, absl::Time deadline) = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_REPAIR_ERASURE_STORE_H_
