#include "common/config/closest_name.h"

#include <algorithm>
#include <numeric>

namespace crier::config {

size_t EditDistance(absl::string_view a, absl::string_view b) {
  // distances[j] leads from the first i characters of `a` to the first j of `b`.
  std::vector<size_t> distances(b.size() + 1);
  std::iota(distances.begin(), distances.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = distances[0];
    distances[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = distances[j];
      distances[j] = std::min({replaced, distances[j] + 1, distances[j - 1] + 1});
    }
  }
  return distances.back();
}

std::string ClosestName(absl::string_view name, const std::vector<std::string>& known,
                        size_t max_distance) {
  size_t best = std::min(max_distance, name.size() / 3) + 1;
  std::string closest;
  for (const std::string& candidate : known) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < best) {
      best = distance;
      closest = candidate;
    }
  }
  return closest;
}

}  // namespace crier::config
