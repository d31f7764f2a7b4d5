#include "common/filter/order_by.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/utf8.h"
#include "common/filter/value.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::filter {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr size_t kMaxSortKeys = 8;

absl::Status OrderError(absl::string_view what) { return InvalidField("order_by", what); }

absl::Status UnknownField(const std::string& name, const Schema& schema) {
  const std::string suggestion = Suggest(schema, name);
  return OrderError(absl::StrCat(
      "names `", name, "`, which is not a field",
      suggestion.empty() ? std::string() : absl::StrCat("; did you mean `", suggestion, "`?")));
}

absl::StatusOr<FieldPath> Resolve(const std::string& name, const Schema& schema) {
  FieldPath path;
  const Descriptor* message = schema.message;
  std::string so_far;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(name, '.'))) {
    if (message == nullptr) return UnknownField(name, schema);
    absl::StrAppend(&so_far, so_far.empty() ? "" : ".", part);
    const FieldDescriptor* const field = message->FindFieldByName(part);
    if (field == nullptr || schema.hidden.count(so_far) > 0) return UnknownField(name, schema);
    if (field->is_repeated()) {
      return OrderError(
          absl::StrCat("names `", name, "`, which may hold several values; name another field"));
    }
    path.fields.push_back(field);
    message = IsValueType(*field) ? nullptr : field->message_type();
  }
  if (message != nullptr) {
    return OrderError(
        absl::StrCat("names `", name, "`, which has no value of its own; name one of its fields"));
  }
  return path;
}

absl::StatusOr<SortKey> ParseKey(absl::string_view term, const Schema& schema) {
  const std::vector<std::string> words =
      absl::StrSplit(term, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  if (words.empty()) return OrderError("names nothing between two commas; take one out");
  const std::string direction = words.size() > 1 ? words[1] : "asc";
  if (words.size() > 2 || (direction != "asc" && direction != "desc")) {
    return OrderError(absl::StrCat("must have `asc`, `desc` or nothing after `", words[0],
                                   "`; a comma stands between fields"));
  }
  SortKey key;
  ASSIGN_OR_RETURN(key.path, Resolve(words[0], schema));
  key.ignore_case = IgnoresCase(schema, words[0]);
  key.descending = direction == "desc";
  return key;
}

}  // namespace

absl::StatusOr<std::vector<SortKey>> ParseOrderBy(absl::string_view text, const Schema& schema) {
  std::vector<SortKey> keys;
  if (absl::StripAsciiWhitespace(text).empty()) return keys;
  if (!IsValidUtf8(text)) return OrderError("must be valid UTF-8");
  std::set<std::vector<const FieldDescriptor*>> seen;
  for (absl::string_view term : absl::StrSplit(text, ',')) {
    ASSIGN_OR_RETURN(SortKey key, ParseKey(term, schema));
    if (!seen.insert(key.path.fields).second) {
      return OrderError("names a field twice; take the second out");
    }
    keys.push_back(std::move(key));
    if (keys.size() > kMaxSortKeys) return OrderError("must not name more than 8 fields");
  }
  return keys;
}

}  // namespace crier::filter
