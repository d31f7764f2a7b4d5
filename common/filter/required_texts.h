// What a filter demands of a field, for indexes over filters.
#ifndef CRIER_COMMON_FILTER_REQUIRED_TEXTS_H_
#define CRIER_COMMON_FILTER_REQUIRED_TEXTS_H_

#include <optional>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "common/filter/filter.h"

namespace crier::filter {

// The texts, in lower case, one of which the single string field `field` of a message holds,
// whatever its case, whenever the filter matches the message. Nothing when the filter does not say;
// the empty set when it matches no message at all.
std::optional<std::set<std::string>> RequiredTexts(const Filter& filter, absl::string_view field);

}  // namespace crier::filter

#endif  // CRIER_COMMON_FILTER_REQUIRED_TEXTS_H_
