// The order of listings (AIP-132): `last_seen_time desc, full_name`.
#ifndef CRIER_COMMON_FILTER_ORDER_BY_H_
#define CRIER_COMMON_FILTER_ORDER_BY_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/filter/filter.h"
#include "common/filter/schema.h"

namespace crier::filter {

// One field that a listing is ordered by. Values compare as in filters; one that is unset comes
// before all others, and after them if `descending`.
struct SortKey {
  FieldPath path;
  bool ignore_case = false;
  bool descending = false;
};

// The keys, the most important first; none for the empty text. INVALID_ARGUMENT on the field
// `order_by` when a name is not one of the schema (with the nearest that is), may hold several
// values or none of its own (lists, maps, messages), comes twice, or has another word than `asc` or
// `desc` after it, and when there are more than 8.
absl::StatusOr<std::vector<SortKey>> ParseOrderBy(absl::string_view text, const Schema& schema);

}  // namespace crier::filter

#endif  // CRIER_COMMON_FILTER_ORDER_BY_H_
