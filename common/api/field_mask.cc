#include "common/api/field_mask.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/errors.h"

namespace crier::api {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FieldMask;
using ::google::protobuf::Message;

bool IsEmpty(const Message& resource, const std::string& name) {
  const FieldDescriptor* const field = resource.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return true;
  return field->is_repeated() ? resource.GetReflection()->FieldSize(resource, field) == 0
                              : !resource.GetReflection()->HasField(resource, field);
}

std::set<std::string> FilledFields(const Message& resource,
                                   const std::vector<std::string>& updatable) {
  std::set<std::string> fields;
  for (const std::string& name : updatable) {
    if (!IsEmpty(resource, name)) fields.insert(name);
  }
  return fields;
}

// What is wrong with a path of a mask; completes the sentence "update_mask …".
std::string Mistake(const Message& resource, const std::string& path,
                    const std::vector<std::string>& updatable) {
  const std::string remedy = absl::StrCat("; it may name ", absl::StrJoin(updatable, ", "));
  if (path == "*") return absl::StrCat("must not name `*` together with fields", remedy);
  if (resource.GetDescriptor()->FindFieldByName(path) != nullptr) {
    return absl::StrCat("names `", path, "`, which cannot be changed", remedy);
  }
  return absl::StrCat("names `", path, "`, which is not a field of its own", remedy);
}

}  // namespace

absl::StatusOr<std::set<std::string>> FieldsToUpdate(const FieldMask& mask, const Message& resource,
                                                     const std::vector<std::string>& updatable) {
  if (mask.paths().empty()) return FilledFields(resource, updatable);
  if (mask.paths_size() == 1 && mask.paths(0) == "*") {
    return std::set<std::string>(updatable.begin(), updatable.end());
  }
  std::set<std::string> fields;
  FieldViolations violations;
  for (const std::string& path : mask.paths()) {
    if (std::find(updatable.begin(), updatable.end(), path) != updatable.end()) {
      fields.insert(path);
    } else {
      violations.Add("update_mask", Mistake(resource, path, updatable));
    }
  }
  if (!violations.empty()) return violations.ToStatus();
  return fields;
}

}  // namespace crier::api
