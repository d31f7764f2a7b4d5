// Which name somebody may have meant.
#ifndef CRIER_COMMON_CONFIG_CLOSEST_NAME_H_
#define CRIER_COMMON_CONFIG_CLOSEST_NAME_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace crier::config {

// How many insertions, deletions and replacements of one character lead from `a` to `b`.
size_t EditDistance(absl::string_view a, absl::string_view b);

// The name nearest to `name`, the first one of several; empty when all are farther than
// `max_distance` or a third of the length of `name`, whichever is less.
std::string ClosestName(absl::string_view name, const std::vector<std::string>& known,
                        size_t max_distance);

}  // namespace crier::config

#endif  // CRIER_COMMON_CONFIG_CLOSEST_NAME_H_
