#include "common/filter/explain.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/utf8.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace crier::filter {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Of a value that is shown.
constexpr size_t kMaxValueBytes = 100;
// Of a list or map that is shown.
constexpr size_t kMaxValues = 3;

std::string Quoted(absl::string_view text) {
  const absl::string_view shown = TruncateUtf8(text, kMaxValueBytes);
  return absl::StrCat("\"", shown, shown.size() < text.size() ? "…\"" : "\"");
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%E4Y-%m-%d%ET%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

std::string MessageText(const Message& message) {
  if (message.GetDescriptor() == google::protobuf::Timestamp::descriptor()) {
    const auto& time = static_cast<const google::protobuf::Timestamp&>(message);
    return TimeText(absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()));
  }
  if (message.GetDescriptor() == google::protobuf::Duration::descriptor()) {
    const auto& duration = static_cast<const google::protobuf::Duration&>(message);
    return absl::FormatDuration(absl::Seconds(duration.seconds()) +
                                absl::Nanoseconds(duration.nanos()));
  }
  return "set";
}

// The value of a single field (`index` below 0), or of an element of a list.
std::string ValueText(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool element = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return Quoted(element ? reflection.GetRepeatedString(message, &field, index)
                            : reflection.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(element ? reflection.GetRepeatedDouble(message, &field, index)
                                  : reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(element ? reflection.GetRepeatedFloat(message, &field, index)
                                  : reflection.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(element ? reflection.GetRepeatedInt32(message, &field, index)
                                  : reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(element ? reflection.GetRepeatedInt64(message, &field, index)
                                  : reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(element ? reflection.GetRepeatedUInt32(message, &field, index)
                                  : reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(element ? reflection.GetRepeatedUInt64(message, &field, index)
                                  : reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (element ? reflection.GetRepeatedBool(message, &field, index)
                      : reflection.GetBool(message, &field))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return (element ? reflection.GetRepeatedEnum(message, &field, index)
                      : reflection.GetEnum(message, &field))
          ->name();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (element) return MessageText(reflection.GetRepeatedMessage(message, &field, index));
      return reflection.HasField(message, &field)
                 ? MessageText(reflection.GetMessage(message, &field))
                 : "not set";
  }
  return "";
}

// Collects what stands at a path, as text; nothing where a message on the way is not set.
class Values {
 public:
  explicit Values(const FieldPath& path) : path_(path) {}

  std::vector<std::string> Of(const Message& message) {
    Collect(message, 0);
    return std::move(texts_);
  }

 private:
  void Collect(const Message& message, size_t depth) {
    const FieldDescriptor& field = *path_.fields[depth];
    const Reflection& reflection = *message.GetReflection();
    const bool last = depth + 1 == path_.fields.size();
    if (field.is_map()) return CollectMap(message, field);
    if (!field.is_repeated()) {
      if (last) {
        texts_.push_back(ValueText(message, field, -1));
      } else if (reflection.HasField(message, &field)) {
        Collect(reflection.GetMessage(message, &field), depth + 1);
      }
      return;
    }
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      if (last) {
        texts_.push_back(ValueText(message, field, i));
      } else {
        Collect(reflection.GetRepeatedMessage(message, &field, i), depth + 1);
      }
    }
  }

  void CollectMap(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      const std::string key =
          entry.GetReflection()->GetString(entry, field.message_type()->map_key());
      if (!path_.has_key) {
        texts_.push_back(Quoted(key));
      } else if (key == path_.key) {
        texts_.push_back(ValueText(entry, *field.message_type()->map_value(), -1));
      }
    }
  }

  const FieldPath& path_;
  std::vector<std::string> texts_;
};

std::string PathText(const FieldPath& path) {
  std::string text = absl::StrJoin(
      path.fields, ".",
      [](std::string* out, const FieldDescriptor* field) { out->append(field->name()); });
  if (path.has_key) absl::StrAppend(&text, ".", Quoted(path.key));
  return text;
}

bool HoldsMany(const FieldPath& path) {
  for (const FieldDescriptor* const field : path.fields) {
    if (field->is_repeated() && !(field->is_map() && path.has_key)) return true;
  }
  return false;
}

// The value that a comparison is with, as text; for a text without its open ends.
std::string WantedText(const Condition& condition, absl::Time now) {
  return std::visit(
      [&](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, TextPattern>) {
          return Quoted(value.text);
        } else if constexpr (std::is_same_v<T, Moment>) {
          return TimeText(value.At(now));
        } else if constexpr (std::is_same_v<T, absl::Duration>) {
          return absl::FormatDuration(value);
        } else if constexpr (std::is_same_v<T, bool>) {
          return value ? "true" : "false";
        } else if constexpr (std::is_same_v<T, Present>) {
          return "";
        } else {
          const FieldDescriptor& last = condition.path.last();
          if (last.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
            const auto* const named = last.enum_type()->FindValueByNumber(static_cast<int>(value));
            if (named != nullptr) return named->name();
          }
          return absl::StrCat(value);
        }
      },
      condition.value);
}

// What a comparison says of a value, without `equal to`, which goes without saying.
std::string Relation(const Condition& condition, absl::Time now) {
  std::string wanted = WantedText(condition, now);
  const auto* const pattern = std::get_if<TextPattern>(&condition.value);
  switch (condition.op) {
    case Operator::kLess:
      return absl::StrCat("below ", wanted);
    case Operator::kLessEqual:
      return absl::StrCat("at most ", wanted);
    case Operator::kGreater:
      return absl::StrCat("above ", wanted);
    case Operator::kGreaterEqual:
      return absl::StrCat("at least ", wanted);
    default:
      break;
  }
  if (pattern == nullptr) return wanted;
  if (pattern->open_start && pattern->open_end) return absl::StrCat("with ", wanted, " in it");
  if (pattern->open_start) return absl::StrCat("ending in ", wanted);
  if (pattern->open_end) return absl::StrCat("beginning with ", wanted);
  return wanted;
}

// Whether the value is equal to what is compared with, so that to say it once is enough.
bool IsPlainEquality(const Condition& condition) {
  const auto* const pattern = std::get_if<TextPattern>(&condition.value);
  const bool open = pattern != nullptr && (pattern->open_start || pattern->open_end);
  return (condition.op == Operator::kEqual || condition.op == Operator::kHas) && !open;
}

// The one of the values that was looked for; patterns are kept without the case of letters.
std::string AsItIsThere(const std::vector<std::string>& values, const std::string& wanted) {
  const auto found = std::find_if(values.begin(), values.end(), [&](const std::string& value) {
    return absl::EqualsIgnoreCase(value, wanted);
  });
  return found == values.end() ? wanted : *found;
}

// One comparison that holds (`wanted`), or does not hold and was to fail.
std::string Phrase(const Condition& condition, const Message& message, absl::Time now,
                   bool wanted) {
  const std::string path = PathText(condition.path);
  std::vector<std::string> values = Values(condition.path).Of(message);
  if (std::holds_alternative<Present>(condition.value)) {
    return absl::StrCat(path, wanted ? " is there" : " is not there");
  }
  if (HoldsMany(condition.path)) {
    const bool plain = IsPlainEquality(condition);
    if (wanted && plain) {
      return absl::StrCat(path, " has ", AsItIsThere(values, WantedText(condition, now)));
    }
    return absl::StrCat(path,
                        wanted ? " has one " : (plain ? " has nothing that is " : " has none "),
                        Relation(condition, now));
  }
  if (values.empty()) return absl::StrCat(path, " is not set");
  if (values.size() > kMaxValues) values.resize(kMaxValues);
  std::string there = absl::StrCat(path, " is ", absl::StrJoin(values, ", "));
  // `!=` that holds is `=` that does not.
  const bool holds = condition.op == Operator::kNotEqual ? !wanted : wanted;
  if (holds && IsPlainEquality(condition)) return there;
  return absl::StrCat(there, holds ? ", " : ", not ", Relation(condition, now));
}

class Explanation {
 public:
  Explanation(const Message& message, absl::Time now) : message_(message), now_(now) {}

  // Adds why the condition holds, or does not hold, whichever is `wanted` and true.
  void Add(const Condition& condition, bool wanted) {
    switch (condition.kind) {
      case Condition::Kind::kAll:
        return;
      case Condition::Kind::kNot:
        return Add(condition.children.front(), !wanted);
      case Condition::Kind::kCompare:
        if (reasons_.size() < kMaxReasons) {
          reasons_.push_back(Phrase(condition, message_, now_, wanted));
        }
        return;
      case Condition::Kind::kAnd:
      case Condition::Kind::kOr:
        // All of them, or those that made it so.
        for (const Condition& child : condition.children) {
          if (Evaluate(child, message_, now_) == wanted) Add(child, wanted);
        }
        return;
    }
  }

  std::vector<std::string> Take() { return std::move(reasons_); }

 private:
  const Message& message_;
  const absl::Time now_;
  std::vector<std::string> reasons_;
};

}  // namespace

std::vector<std::string> Explain(const Filter& filter, const Message& message, absl::Time now) {
  if (!filter.Matches(message, now)) return {};
  Explanation explanation(message, now);
  explanation.Add(filter.condition(), true);
  return explanation.Take();
}

}  // namespace crier::filter
