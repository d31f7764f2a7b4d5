// The filter language (AIP-160), as parsed: what was written, before anybody knows the fields.
#ifndef CRIER_COMMON_FILTER_AST_H_
#define CRIER_COMMON_FILTER_AST_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace crier::filter {

enum class Operator { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kHas };

// One part of a path or value: a word, or a quoted string without its quotes and escapes, but for
// those right before an asterisk, which tell one that stands for anything from a literal one: there
// `\\` is a backslash, and `\*` an asterisk.
struct Part {
  std::string text;
  bool quoted = false;
  size_t offset = 0;  // in bytes from the start of the filter
};

// Parts that were joined by dots: the path of a field, a function's name, or a value (`2.5` is
// two).
using Parts = std::vector<Part>;

enum class Kind {
  kAll,          // the empty filter
  kAnd,          // children, two or more
  kOr,           // children, two or more
  kNot,          // one child
  kGlobal,       // `parts` is a literal to look for in every searchable field
  kRestriction,  // `parts` op `argument`; or op a composite or a call, which is the one child
  kCall,         // function `parts`, whose arguments are the children
};

// A node of the tree. A value; copies are deep.
struct Expression {
  Kind kind = Kind::kAll;
  size_t offset = 0;
  Parts parts;
  Operator op = Operator::kEqual;
  Parts argument;
  std::vector<Expression> children;
};

// How many backslashes stand at `at` right before an asterisk; 0 when something else follows them.
size_t BackslashesBeforeAsterisk(absl::string_view text, size_t at);

// The text of a part without any escapes.
std::string PlainText(const Part& part);

// The parts as they were written, less white space: `custom_fields."plan tier"`.
std::string ToString(const Parts& parts);

// `=`, `!=`, `<`, `<=`, `>`, `>=` or `:`.
const char* ToString(Operator op);

// The tree as a symbolic expression, for tests and messages: `(and (= a 1) (not (global b)))`.
std::string ToString(const Expression& expression);

}  // namespace crier::filter

#endif  // CRIER_COMMON_FILTER_AST_H_
