#include "common/filter/value.h"

#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/filter/lexer.h"

namespace crier::filter {
namespace {

using google::protobuf::FieldDescriptor;

absl::Status DoesNotFit(const Parts& argument, const std::string& path, absl::string_view wanted) {
  return FilterError(argument.front().offset, absl::StrCat("`", path, "` is compared with ", wanted,
                                                           ", not with ", ToString(argument)));
}

bool IsQuoted(const Parts& argument) { return argument.size() == 1 && argument.front().quoted; }

// What a duration of protobuf can be: 10,000 years.
constexpr double kMaxSeconds = 315'576'000'000;

// Not what else is a number to other parsers (`inf`, `nan`, `0x10`), nor what is too large for one.
bool ReadNumber(absl::string_view text, double* value) {
  const size_t sign = absl::StartsWith(text, "-") ? 1 : 0;
  return text.size() > sign && absl::ascii_isdigit(text[sign]) &&
         text.find_first_not_of("0123456789.eE+-") == absl::string_view::npos &&
         absl::SimpleAtod(text, value) && std::isfinite(*value);
}

// `now`, `now-7d`, `now+1.5h`.
bool ParseRelativeTime(absl::string_view text, Moment* moment) {
  if (!absl::ConsumePrefix(&text, "now")) return false;
  moment->relative = true;
  if (text.empty()) return true;
  const bool back = text.front() == '-';
  if (!back && text.front() != '+') return false;
  text.remove_prefix(1);
  if (text.empty() || !absl::ascii_isdigit(text.front())) return false;
  double count = 0;
  const char unit = text.back();
  text.remove_suffix(1);
  if (!ReadNumber(text, &count)) return false;
  absl::Duration one;
  switch (unit) {
    case 's':
      one = absl::Seconds(1);
      break;
    case 'm':
      one = absl::Minutes(1);
      break;
    case 'h':
      one = absl::Hours(1);
      break;
    case 'd':
      one = absl::Hours(24);
      break;
    case 'w':
      one = absl::Hours(7 * 24);
      break;
    default:
      return false;
  }
  moment->offset = count * (back ? -one : one);
  return count * absl::ToDoubleSeconds(one) <= kMaxSeconds;
}

absl::StatusOr<Value> ParseMoment(const std::string& path, const Parts& argument) {
  constexpr char kWanted[] =
      "a quoted RFC 3339 timestamp or relative time (\"2024-08-28T00:00:00Z\", \"now-7d\")";
  if (!IsQuoted(argument)) return DoesNotFit(argument, path, kWanted);
  const std::string& text = argument.front().text;
  Moment moment;
  if (ParseRelativeTime(text, &moment)) return moment;
  std::string error;
  // RFC3339_full alone would accept `infinite-past` and its like.
  if (text.empty() || !absl::ascii_isdigit(text.front()) ||
      !absl::ParseTime(absl::RFC3339_full, text, &moment.time, &error)) {
    return DoesNotFit(argument, path, kWanted);
  }
  moment.relative = false;
  return moment;
}

absl::StatusOr<Value> ParseDuration(const std::string& path, const Parts& argument) {
  const std::string text = IsQuoted(argument) ? argument.front().text : ToString(argument);
  double seconds = 0;
  absl::string_view number = text;
  if (!absl::ConsumeSuffix(&number, "s") || !ReadNumber(number, &seconds) ||
      std::abs(seconds) > kMaxSeconds) {
    return DoesNotFit(argument, path, "a duration in seconds (20s, 1.5s)");
  }
  return absl::Seconds(seconds);
}

template <typename Integer>
absl::StatusOr<Value> ParseInteger(const std::string& path, const Parts& argument) {
  Integer value = 0;
  if (IsQuoted(argument) || !absl::SimpleAtoi(ToString(argument), &value)) {
    return DoesNotFit(argument, path, "a whole number");
  }
  return Value(value);
}

absl::StatusOr<Value> ParseNumber(const std::string& path, const Parts& argument) {
  double value = 0;
  const std::string text = ToString(argument);
  if (IsQuoted(argument) || !ReadNumber(text, &value)) {
    return DoesNotFit(argument, path, "a number");
  }
  return Value(value);
}

absl::StatusOr<Value> ParseEnum(const FieldDescriptor& field, const std::string& path,
                                const Parts& argument) {
  const auto* const value =
      argument.size() == 1 ? field.enum_type()->FindValueByName(argument.front().text) : nullptr;
  if (value != nullptr) return Value(static_cast<int64_t>(value->number()));
  std::string names;
  for (int i = 0; i < field.enum_type()->value_count(); ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ", ", field.enum_type()->value(i)->name());
  }
  return DoesNotFit(argument, path, absl::StrCat("one of ", names));
}

absl::StatusOr<Value> ParseBool(const std::string& path, const Parts& argument) {
  const std::string text = ToString(argument);
  if (text != "true" && text != "false") return DoesNotFit(argument, path, "true or false");
  return Value(text == "true");
}

}  // namespace

TextPattern ParsePattern(const Part& part, bool ignore_case) {
  absl::string_view text = part.text;
  TextPattern pattern;
  pattern.ignore_case = ignore_case;
  pattern.open_start = absl::ConsumePrefix(&text, "*");
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t backslashes = BackslashesBeforeAsterisk(text, i);
    pattern.text.append(backslashes / 2, '\\');
    i += backslashes;
    const bool is_literal = text[i] != '*' || backslashes % 2 == 1;
    if (!is_literal && i + 1 == text.size()) {
      pattern.open_end = true;
    } else {
      pattern.text.push_back(text[i]);
    }
  }
  if (ignore_case) absl::AsciiStrToLower(&pattern.text);
  return pattern;
}

absl::StatusOr<Value> ParseValue(const FieldDescriptor& field, const std::string& path,
                                 const Parts& argument, bool ignore_case) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      // An unquoted value with dots (`example.com`) was meant as one text.
      return Value(
          ParsePattern(argument.size() == 1 ? argument.front() : Part{ToString(argument), false, 0},
                       ignore_case));
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return ParseNumber(path, argument);
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return ParseInteger<int64_t>(path, argument);
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return ParseInteger<uint64_t>(path, argument);
    case FieldDescriptor::CPPTYPE_BOOL:
      return ParseBool(path, argument);
    case FieldDescriptor::CPPTYPE_ENUM:
      return ParseEnum(field, path, argument);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  const std::string& type = field.message_type()->full_name();
  if (type == "google.protobuf.Timestamp") return ParseMoment(path, argument);
  if (type == "google.protobuf.Duration") return ParseDuration(path, argument);
  return FilterError(argument.front().offset,
                     absl::StrCat("`", path,
                                  "` has no value of its own: name one of its fields, or ask "
                                  "whether it is there, `",
                                  path, ":*`"));
}

bool IsValueType(const FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         (field.message_type()->full_name() == "google.protobuf.Timestamp" ||
          field.message_type()->full_name() == "google.protobuf.Duration");
}

bool OperatorFits(const FieldDescriptor& field, Operator op) {
  if (op == Operator::kHas) return true;
  const bool equality = op == Operator::kEqual || op == Operator::kNotEqual;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_ENUM:
      return equality;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return IsValueType(field);
    default:
      return true;
  }
}

}  // namespace crier::filter
