// A filter that is checked against a schema: every field exists, every value fits.
#ifndef CRIER_COMMON_FILTER_FILTER_H_
#define CRIER_COMMON_FILTER_FILTER_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/filter/ast.h"
#include "common/filter/schema.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace crier::filter {

// A text to compare with; `*` at an end stood for anything.
struct TextPattern {
  std::string text;  // in lower case if `ignore_case`
  bool open_start = false;
  bool open_end = false;
  bool ignore_case = false;

  bool Matches(absl::string_view value) const;
  // Below, at or above zero, like strcmp, by unsigned bytes; open ends play no part.
  int Compare(absl::string_view value) const;
};

// A moment: fixed, or counted from the time of evaluation (`now-7d`).
struct Moment {
  bool relative = false;
  absl::Time time;
  absl::Duration offset;

  absl::Time At(absl::Time now) const { return relative ? now + offset : time; }
};

// `:*`, that a value is there at all.
struct Present {};

using Value =
    std::variant<TextPattern, double, int64_t, uint64_t, bool, Moment, absl::Duration, Present>;

// What one restriction compares: the fields from the message down to the value, with the key where
// the last field is a map and one entry of it is meant.
struct FieldPath {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  bool has_key = false;
  std::string key;

  const google::protobuf::FieldDescriptor& last() const { return *fields.back(); }
};

// A node of the checked tree.
struct Condition {
  enum class Kind { kAll, kAnd, kOr, kNot, kCompare };

  Kind kind = Kind::kAll;
  std::vector<Condition> children;  // kAnd, kOr, kNot
  FieldPath path;                   // kCompare
  Operator op = Operator::kEqual;   // kCompare; an enum's value is its number, as int64_t
  Value value;                      // kCompare
};

// Whether a condition holds for a message, as in Filter::Matches().
bool Evaluate(const Condition& condition, const google::protobuf::Message& message, absl::Time now);

// A value; thread-safe once made.
class Filter {
 public:
  // Matches everything.
  Filter() = default;

  // Parses and checks. INVALID_ARGUMENT on the field `filter`, with the byte offset, when the text
  // is not well-formed, names a field that does not exist (with the nearest that does), or compares
  // it with a value or operator that does not fit its type.
  static absl::StatusOr<Filter> Compile(absl::string_view text, const Schema& schema);

  // Whether the filter matches a message of the schema's type. Relative times count from `now`. A
  // message that is unset on the way to a field matches no comparison, not even `!=`; a plain field
  // that is unset compares as its default.
  bool Matches(const google::protobuf::Message& message, absl::Time now) const;

  // What was checked, for translation into other languages.
  const Condition& condition() const { return condition_; }

 private:
  Condition condition_;
};

}  // namespace crier::filter

#endif  // CRIER_COMMON_FILTER_FILTER_H_
