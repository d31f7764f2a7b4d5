// Splits a filter into tokens.
#ifndef CRIER_COMMON_FILTER_LEXER_H_
#define CRIER_COMMON_FILTER_LEXER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/filter/ast.h"

namespace crier::filter {

struct Token {
  enum class Kind { kText, kString, kSpace, kDot, kComma, kOpen, kClose, kCompare, kMinus, kEnd };

  Kind kind = Kind::kEnd;
  size_t offset = 0;
  std::string text;                // kText, kString: without quotes and escapes
  Operator op = Operator::kEqual;  // kCompare
};

// The tokens of a filter; the last is kEnd. Errors as from Parse().
absl::StatusOr<std::vector<Token>> Tokenize(absl::string_view filter);

// INVALID_ARGUMENT on the field `filter`, with the byte offset of what is wrong.
absl::Status FilterError(size_t offset, absl::string_view what);

}  // namespace crier::filter

#endif  // CRIER_COMMON_FILTER_LEXER_H_
