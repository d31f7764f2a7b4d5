// How long to wait after a failure.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_BACKOFF_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_BACKOFF_H_

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace crier::evaluator {

// Random waits, so that many loops that failed together do not return together, below a ceiling
// that doubles with every failure in a row. Not thread-safe.
class Backoff {
 public:
  // Waits lie between `min` and the ceiling, which starts at twice `min` and ends at `max`.
  Backoff(absl::Duration min, absl::Duration max, uint64_t seed)
      : min_(min), max_(max), ceiling_(min), random_(seed) {}

  // The wait after one more failure.
  absl::Duration Next();

  // Something worked.
  void Reset() { ceiling_ = min_; }

 private:
  const absl::Duration min_;
  const absl::Duration max_;
  absl::Duration ceiling_;
  std::mt19937_64 random_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_BACKOFF_H_
