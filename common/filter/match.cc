// How a filter is applied to one message in memory.
#include "absl/strings/match.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/filter/filter.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace crier::filter {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Whether the outcome of a comparison (negative, 0, positive) is what the operator asks for.
bool Holds(Operator op, int comparison) {
  switch (op) {
    case Operator::kEqual:
    case Operator::kHas:
      return comparison == 0;
    case Operator::kNotEqual:
      return comparison != 0;
    case Operator::kLess:
      return comparison < 0;
    case Operator::kLessEqual:
      return comparison <= 0;
    case Operator::kGreater:
      return comparison > 0;
    case Operator::kGreaterEqual:
      return comparison >= 0;
  }
  return false;
}

template <typename T>
int ThreeWay(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

bool IsEquality(Operator op) {
  return op == Operator::kEqual || op == Operator::kNotEqual || op == Operator::kHas;
}

// Applies one comparison to values that reflection finds.
class Comparison {
 public:
  Comparison(const Condition& condition, absl::Time now) : condition_(condition), now_(now) {}

  // Whether some value at the path, from the field of number `depth` on, passes.
  bool Matches(const Message& message, size_t depth) const {
    const FieldDescriptor& field = *condition_.path.fields[depth];
    const bool last = depth + 1 == condition_.path.fields.size();
    if (field.is_map()) return MatchesMap(message, field);
    if (field.is_repeated()) return MatchesSome(message, field, depth, last);
    const Reflection& reflection = *message.GetReflection();
    if (!last) {
      return reflection.HasField(message, &field) &&
             Matches(reflection.GetMessage(message, &field), depth + 1);
    }
    if (std::holds_alternative<Present>(condition_.value)) {
      return reflection.HasField(message, &field);
    }
    return MatchesSingle(message, field);
  }

 private:
  bool MatchesSome(const Message& message, const FieldDescriptor& field, size_t depth,
                   bool last) const {
    const Reflection& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, &field);
    if (last && std::holds_alternative<Present>(condition_.value)) return size > 0;
    for (int i = 0; i < size; ++i) {
      const bool matches =
          last ? MatchesElement(message, field, i)
               : Matches(reflection.GetRepeatedMessage(message, &field, i), depth + 1);
      if (matches) return true;
    }
    return false;
  }

  // A map is a repeated field of entries, whose fields are the key and the value.
  bool MatchesMap(const Message& message, const FieldDescriptor& field) const {
    const Reflection& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, &field);
    if (!condition_.path.has_key) return size > 0;
    for (int i = 0; i < size; ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      const Reflection& in_entry = *entry.GetReflection();
      std::string scratch;
      if (in_entry.GetStringReference(entry, field.message_type()->map_key(), &scratch) !=
          condition_.path.key) {
        continue;
      }
      return std::holds_alternative<Present>(condition_.value) ||
             MatchesSingle(entry, *field.message_type()->map_value());
    }
    return false;
  }

  bool MatchesSingle(const Message& message, const FieldDescriptor& field) const {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        return Text(reflection.GetStringReference(message, &field, &scratch));
      }
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Plain<double>(reflection.GetDouble(message, &field));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Plain<double>(reflection.GetFloat(message, &field));
      case FieldDescriptor::CPPTYPE_INT32:
        return Plain<int64_t>(reflection.GetInt32(message, &field));
      case FieldDescriptor::CPPTYPE_INT64:
        return Plain<int64_t>(reflection.GetInt64(message, &field));
      case FieldDescriptor::CPPTYPE_UINT32:
        return Plain<uint64_t>(reflection.GetUInt32(message, &field));
      case FieldDescriptor::CPPTYPE_UINT64:
        return Plain<uint64_t>(reflection.GetUInt64(message, &field));
      case FieldDescriptor::CPPTYPE_BOOL:
        return Plain<bool>(reflection.GetBool(message, &field));
      case FieldDescriptor::CPPTYPE_ENUM:
        return Plain<int64_t>(reflection.GetEnumValue(message, &field));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return reflection.HasField(message, &field) &&
               WellKnown(reflection.GetMessage(message, &field));
    }
    return false;
  }

  bool MatchesElement(const Message& message, const FieldDescriptor& field, int i) const {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        return Text(reflection.GetRepeatedStringReference(message, &field, i, &scratch));
      }
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Plain<double>(reflection.GetRepeatedDouble(message, &field, i));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Plain<double>(reflection.GetRepeatedFloat(message, &field, i));
      case FieldDescriptor::CPPTYPE_INT32:
        return Plain<int64_t>(reflection.GetRepeatedInt32(message, &field, i));
      case FieldDescriptor::CPPTYPE_INT64:
        return Plain<int64_t>(reflection.GetRepeatedInt64(message, &field, i));
      case FieldDescriptor::CPPTYPE_UINT32:
        return Plain<uint64_t>(reflection.GetRepeatedUInt32(message, &field, i));
      case FieldDescriptor::CPPTYPE_UINT64:
        return Plain<uint64_t>(reflection.GetRepeatedUInt64(message, &field, i));
      case FieldDescriptor::CPPTYPE_BOOL:
        return Plain<bool>(reflection.GetRepeatedBool(message, &field, i));
      case FieldDescriptor::CPPTYPE_ENUM:
        return Plain<int64_t>(reflection.GetRepeatedEnumValue(message, &field, i));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return WellKnown(reflection.GetRepeatedMessage(message, &field, i));
    }
    return false;
  }

  bool Text(absl::string_view value) const {
    const auto& pattern = std::get<TextPattern>(condition_.value);
    if (!IsEquality(condition_.op)) return Holds(condition_.op, pattern.Compare(value));
    return pattern.Matches(value) != (condition_.op == Operator::kNotEqual);
  }

  template <typename T>
  bool Plain(T value) const {
    return Holds(condition_.op, ThreeWay(value, std::get<T>(condition_.value)));
  }

  bool WellKnown(const Message& value) const {
    if (const auto* moment = std::get_if<Moment>(&condition_.value)) {
      const auto& timestamp = static_cast<const google::protobuf::Timestamp&>(value);
      const absl::Time time =
          absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
      return Holds(condition_.op, ThreeWay(time, moment->At(now_)));
    }
    const auto& duration = static_cast<const google::protobuf::Duration&>(value);
    return Holds(condition_.op,
                 ThreeWay(absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos()),
                          std::get<absl::Duration>(condition_.value)));
  }

  const Condition& condition_;
  const absl::Time now_;
};

unsigned char Lower(char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); }

bool ContainsIgnoringCase(absl::string_view value, absl::string_view lower_text) {
  return std::search(value.begin(), value.end(), lower_text.begin(), lower_text.end(),
                     [](char a, char b) { return Lower(a) == static_cast<unsigned char>(b); }) !=
         value.end();
}

}  // namespace

bool Evaluate(const Condition& condition, const Message& message, absl::Time now) {
  const auto holds = [&](const Condition& child) { return Evaluate(child, message, now); };
  switch (condition.kind) {
    case Condition::Kind::kAll:
      return true;
    case Condition::Kind::kAnd:
      return std::all_of(condition.children.begin(), condition.children.end(), holds);
    case Condition::Kind::kOr:
      return std::any_of(condition.children.begin(), condition.children.end(), holds);
    case Condition::Kind::kNot:
      return !holds(condition.children.front());
    case Condition::Kind::kCompare:
      return Comparison(condition, now).Matches(message, 0);
  }
  return false;
}

// Nothing here copies the value: criteria of many workflows look at each event.
bool TextPattern::Matches(absl::string_view value) const {
  if (open_start && open_end) {
    if (!ignore_case) return absl::StrContains(value, text);
    return text.empty() || ContainsIgnoringCase(value, text);
  }
  if (open_start) {
    return ignore_case ? absl::EndsWithIgnoreCase(value, text) : absl::EndsWith(value, text);
  }
  if (open_end) {
    return ignore_case ? absl::StartsWithIgnoreCase(value, text) : absl::StartsWith(value, text);
  }
  return ignore_case ? absl::EqualsIgnoreCase(value, text) : value == text;
}

int TextPattern::Compare(absl::string_view value) const {
  if (!ignore_case) return value.compare(text);
  const size_t common = std::min(value.size(), text.size());
  for (size_t i = 0; i < common; ++i) {
    const int difference = Lower(value[i]) - static_cast<unsigned char>(text[i]);
    if (difference != 0) return difference;
  }
  return ThreeWay(value.size(), text.size());
}

bool Filter::Matches(const Message& message, absl::Time now) const {
  return Evaluate(condition_, message, now);
}

}  // namespace crier::filter
