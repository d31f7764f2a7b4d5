#include "services/evaluator/domain/matching/statistics_store.h"

#include <algorithm>

namespace crier::evaluator {

void AddTo(Statistics& total, const Statistics& more) {
  total.matched += more.matched;
  total.enqueued += more.enqueued;
  // Nothing is before every time.
  total.last_fire_time = std::max(total.last_fire_time, more.last_fire_time);
}

}  // namespace crier::evaluator
