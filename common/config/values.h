// The forms of values: from text and back.
#ifndef CRIER_COMMON_CONFIG_VALUES_H_
#define CRIER_COMMON_CONFIG_VALUES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier::config {

// Each returns what is wrong, completing the sentence "<value> …" (`must be true or false`), or
// empty after storing the value in `target`.
std::string ParseBool(absl::string_view text, bool* target);
std::string ParseInt(absl::string_view text, int min, int max, int* target);
std::string ParseDuration(absl::string_view text, absl::Duration min, absl::Duration max,
                          absl::Duration* target);

// The items between commas, without the white space around them; empty items are left out.
std::vector<std::string> ParseList(absl::string_view text);

}  // namespace crier::config

#endif  // CRIER_COMMON_CONFIG_VALUES_H_
