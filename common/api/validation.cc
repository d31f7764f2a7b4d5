#include "common/api/validation.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/utf8.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/time_util.h"

namespace crier::api {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;
using ::google::protobuf::util::TimeUtil;

constexpr size_t kMaxRequestIdBytes = 64;
constexpr int kMaxNanos = 999'999'999;

using Fields = std::vector<const FieldDescriptor*>;

// `seen` are types that are being looked at: messages may hold themselves.
bool MayHoldEnums(const FieldDescriptor& field, std::set<const Descriptor*>& seen) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return true;
  const Descriptor* const type = field.message_type();
  if (type == nullptr || !seen.insert(type).second) return false;
  for (int i = 0; i < type->field_count(); ++i) {
    if (MayHoldEnums(*type->field(i), seen)) return true;
  }
  return false;
}

Fields FindFieldsWithEnums(const Descriptor& type) {
  Fields fields;
  for (int i = 0; i < type.field_count(); ++i) {
    std::set<const Descriptor*> seen;
    if (MayHoldEnums(*type.field(i), seen)) fields.push_back(type.field(i));
  }
  return fields;
}

// The fields that are enums, or hold messages which may have some: few, as a rule.
std::shared_ptr<const Fields> FieldsWithEnums(const Descriptor& type) {
  // The types of generated messages stay for as long as the process.
  if (type.file()->pool() != DescriptorPool::generated_pool()) {
    return std::make_shared<const Fields>(FindFieldsWithEnums(type));
  }
  static absl::Mutex mutex(absl::kConstInit);
  static auto* const known =
      new absl::flat_hash_map<const Descriptor*, std::shared_ptr<const Fields>>();
  absl::MutexLock lock(&mutex);
  std::shared_ptr<const Fields>& fields = (*known)[&type];
  if (fields == nullptr) fields = std::make_shared<const Fields>(FindFieldsWithEnums(type));
  return fields;
}

void CheckEnumNumber(absl::string_view path, const EnumDescriptor& type, int number,
                     FieldViolations& violations) {
  if (type.FindValueByNumber(number) != nullptr) return;
  violations.Add(path, absl::StrCat("must be a declared value of ", type.name(), ", not ", number));
}

void CheckField(absl::string_view path, const Message& message, const FieldDescriptor& field,
                FieldViolations& violations) {
  const Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    CheckEnumNumber(path, *field.enum_type(), reflection.GetEnumValue(message, &field), violations);
  } else {
    CheckKnownEnums(path, reflection.GetMessage(message, &field), violations);
  }
}

// A map is a repeated message of entries here, so its values are checked as `<map>[i].value`.
void CheckRepeatedField(absl::string_view path, const Message& message,
                        const FieldDescriptor& field, FieldViolations& violations) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const std::string item = absl::StrCat(path, "[", i, "]");
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      CheckEnumNumber(item, *field.enum_type(), reflection.GetRepeatedEnumValue(message, &field, i),
                      violations);
    } else {
      CheckKnownEnums(item, reflection.GetRepeatedMessage(message, &field, i), violations);
    }
  }
}

}  // namespace

bool IsText(absl::string_view value, size_t max_bytes) {
  return value.size() <= max_bytes && IsValidUtf8(value) &&
         value.find('\0') == absl::string_view::npos;
}

void CheckText(absl::string_view field, absl::string_view value, size_t max_bytes,
               FieldViolations& violations) {
  if (value.size() > max_bytes) {
    violations.Add(field,
                   absl::StrCat("must have at most ", max_bytes, " bytes, not ", value.size()));
  } else if (!IsValidUtf8(value)) {
    violations.Add(field, "must be valid UTF-8");
  } else if (value.find('\0') != absl::string_view::npos) {
    violations.Add(field, "must not contain NUL characters");
  }
}

void CheckRequiredText(absl::string_view field, absl::string_view value, size_t max_bytes,
                       FieldViolations& violations) {
  if (absl::StripAsciiWhitespace(value).empty()) {
    violations.Add(field, "must not be empty");
    return;
  }
  CheckText(field, value, max_bytes, violations);
}

void CheckRequestId(absl::string_view value, FieldViolations& violations) {
  const bool is_printable =
      std::all_of(value.begin(), value.end(), [](char c) { return absl::ascii_isprint(c); });
  if (value.size() > kMaxRequestIdBytes || !is_printable) {
    violations.Add("request_id", absl::StrCat("must be empty or at most ", kMaxRequestIdBytes,
                                              " printable ASCII characters"));
  }
}

void CheckTimestamp(absl::string_view field, const google::protobuf::Timestamp& value,
                    FieldViolations& violations) {
  if (value.seconds() < TimeUtil::kTimestampMinSeconds ||
      value.seconds() > TimeUtil::kTimestampMaxSeconds) {
    violations.Add(field, "must be from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z");
  } else if (value.nanos() < 0 || value.nanos() > kMaxNanos) {
    violations.Add(field, absl::StrCat("must have nanos from 0 to ", kMaxNanos));
  }
}

void CheckKnownEnums(absl::string_view prefix, const Message& message,
                     FieldViolations& violations) {
  const Reflection& reflection = *message.GetReflection();
  const std::shared_ptr<const Fields> fields = FieldsWithEnums(*message.GetDescriptor());
  for (const FieldDescriptor* const field : *fields) {
    const bool is_set = field->is_repeated() ? reflection.FieldSize(message, field) > 0
                                             : reflection.HasField(message, field);
    if (!is_set) continue;
    const std::string path =
        prefix.empty() ? field->name() : absl::StrCat(prefix, ".", field->name());
    if (field->is_repeated()) {
      CheckRepeatedField(path, message, *field, violations);
    } else {
      CheckField(path, message, *field, violations);
    }
  }
}

}  // namespace crier::api
