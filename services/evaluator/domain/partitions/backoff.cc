#include "services/evaluator/domain/partitions/backoff.h"

#include <algorithm>

namespace crier::evaluator {

absl::Duration Backoff::Next() {
  ceiling_ = std::min(2 * ceiling_, max_);
  const double fraction = std::uniform_real_distribution<double>(0, 1)(random_);
  return min_ + fraction * (ceiling_ - min_);
}

}  // namespace crier::evaluator
