// What a filter may speak of: the fields of a message.
#ifndef CRIER_COMMON_FILTER_SCHEMA_H_
#define CRIER_COMMON_FILTER_SCHEMA_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace crier::filter {

// The message that filters are applied to, and how its fields are treated. Paths are the names of
// fields joined by dots (`organization.domain`). A value; the descriptor must outlive it.
struct Schema {
  const google::protobuf::Descriptor* message = nullptr;
  // Where a bare literal (`prod`) is looked for: paths of strings and of repeated strings.
  std::vector<std::string> searchable;
  // Paths of strings that are compared without regard to the case of ASCII letters: what people
  // type by hand. A path ending in `.` covers everything below it.
  std::vector<std::string> case_insensitive;
  // Paths that filters may not name.
  std::set<std::string> hidden;
};

// Whether comparisons of the field at `path` ignore case.
bool IgnoresCase(const Schema& schema, absl::string_view path);

// Every path that a filter may name, in the order of declaration; messages that contain themselves
// are not followed.
std::vector<std::string> AllPaths(const Schema& schema);

// The path nearest to what somebody typed, or empty when none is near.
std::string Suggest(const Schema& schema, absl::string_view typed);

}  // namespace crier::filter

#endif  // CRIER_COMMON_FILTER_SCHEMA_H_
