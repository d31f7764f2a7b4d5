// Turns what was written into values of a field's type.
#ifndef CRIER_COMMON_FILTER_VALUE_H_
#define CRIER_COMMON_FILTER_VALUE_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/filter/ast.h"
#include "common/filter/filter.h"
#include "google/protobuf/descriptor.h"

namespace crier::filter {

// The value that `argument` means for one element of `field`, or a FilterError that says what would
// fit. `path` is the field's name for the message.
absl::StatusOr<Value> ParseValue(const google::protobuf::FieldDescriptor& field,
                                 const std::string& path, const Parts& argument, bool ignore_case);

// A text with its wildcards resolved: `*` at either end is open, `\*` is an asterisk.
TextPattern ParsePattern(const Part& part, bool ignore_case);

// Whether the field's message is a single value: a time or a duration.
bool IsValueType(const google::protobuf::FieldDescriptor& field);

// Whether the operator may be used on one element of the field: booleans and enums know only `=`,
// `!=` and `:`, messages only `:`.
bool OperatorFits(const google::protobuf::FieldDescriptor& field, Operator op);

}  // namespace crier::filter

#endif  // CRIER_COMMON_FILTER_VALUE_H_
