// The grammar of the filter language: https://google.aip.dev/160, with what it leaves open decided
// as the tests say.
#ifndef CRIER_COMMON_FILTER_PARSER_H_
#define CRIER_COMMON_FILTER_PARSER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/filter/ast.h"

namespace crier::filter {

// A filter has at most so many bytes, and parentheses within parentheses.
inline constexpr size_t kMaxFilterBytes = size_t{16} * 1024;
inline constexpr int kMaxNesting = 64;

// Parses a filter; the empty one, or white space, matches everything. OR binds tighter than AND,
// terms side by side are joined by AND, and NOT and `-` bind to the one term that follows.
//
// INVALID_ARGUMENT on the field `filter`, with the byte offset, when it is not well-formed.
absl::StatusOr<Expression> Parse(absl::string_view filter);

}  // namespace crier::filter

#endif  // CRIER_COMMON_FILTER_PARSER_H_
