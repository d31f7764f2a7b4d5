#include "services/ingest/storage/filter_sql.h"

#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/ingest/domain/entities/identity.h"

namespace crier::ingest::storage {
namespace {

using filter::Condition;
using filter::FieldPath;
using filter::Moment;
using filter::Operator;
using filter::Present;
using filter::TextPattern;
using google::protobuf::FieldDescriptor;

bool IsTime(const FieldDescriptor& field) {
  return field.message_type() == google::protobuf::Timestamp::descriptor();
}

absl::string_view SqlOperator(Operator op) {
  return op == Operator::kHas ? "=" : filter::ToString(op);
}

bool IsEquality(Operator op) {
  return op == Operator::kEqual || op == Operator::kNotEqual || op == Operator::kHas;
}

// Entities hold times from year 1 to year 9999; beyond, all times are alike.
absl::Time Clamp(absl::Time time) {
  if (time < absl::FromCivil(absl::CivilYear(1), absl::UTCTimeZone())) return absl::InfinitePast();
  if (time >= absl::FromCivil(absl::CivilYear(10000), absl::UTCTimeZone())) {
    return absl::InfiniteFuture();
  }
  return time;
}

// Which identities a field of a contact is found by. Every address and handle of a contact is also
// among its identities, in the form in which filters compare it.
std::optional<IdentityKind> IdentityOf(const FieldPath& path) {
  size_t first = 0;
  while (first < path.fields.size() &&
         path.fields[first]->containing_type() != entity::v1::Contact::descriptor()) {
    ++first;
  }
  if (first == path.fields.size()) return std::nullopt;
  const std::string& name = path.fields[first]->name();
  if (name == "primary_email" || name == "all_emails") return IdentityKind::kEmail;
  if (path.last().name() != "handle") return std::nullopt;
  for (const Network& network : Networks()) {
    if (network.field == name) return network.kind;
  }
  return std::nullopt;
}

class Translator {
 public:
  Translator(absl::Time now, const ColumnOf& column_of, SqlParams& params)
      : now_(now), column_of_(column_of), params_(params) {}

  std::string Translate(const Condition& condition) {
    switch (condition.kind) {
      case Condition::Kind::kAll:
        return "true";
      case Condition::Kind::kAnd:
        return Join(condition, " AND ");
      case Condition::Kind::kOr:
        return Join(condition, " OR ");
      case Condition::Kind::kNot:
        return absl::StrCat("(", Translate(condition.children.front()), ") IS NOT TRUE");
      case Condition::Kind::kCompare:
        return Compare(condition);
    }
    return "false";
  }

 private:
  std::string Join(const Condition& condition, absl::string_view word) {
    std::vector<std::string> parts;
    for (const Condition& child : condition.children) parts.push_back(Translate(child));
    return absl::StrCat("(", absl::StrJoin(parts, word), ")");
  }

  std::string Compare(const Condition& condition) {
    const FieldPath& path = condition.path;
    if (path.last().is_map()) return CompareMap(condition, column_of_(path.fields));
    const bool of_list = std::any_of(path.fields.begin(), path.fields.end(),
                                     [](const FieldDescriptor* f) { return f->is_repeated(); });
    if (std::holds_alternative<Present>(condition.value)) return IsPresent(path, of_list);
    const std::string column = column_of_(path.fields);
    std::string compared = of_list ? SomeElement(condition, column) : Value(condition, column);
    const std::optional<std::string> identified = Identified(condition);
    // Says the same once more, in a way that an index answers.
    return identified ? absl::StrCat("(", compared, " AND ", *identified, ")") : compared;
  }

  // Of a key that the map has not, the value is NULL.
  std::string CompareMap(const Condition& condition, const std::string& column) {
    const std::string keys = absl::StrCat(column, "_keys");
    if (!condition.path.has_key) return absl::StrCat("cardinality(", keys, ") > 0");
    const std::string key = absl::StrCat(params_.Add(condition.path.key), "::text");
    if (std::holds_alternative<Present>(condition.value)) {
      return absl::StrCat(key, " = ANY (", keys, ")");
    }
    return Value(condition,
                 absl::StrCat("(", column, "_values)[array_position(", keys, ", ", key, ")]"));
  }

  // A message has no column: it is there when the first of its fields is.
  std::string ColumnOfFirst(std::vector<const FieldDescriptor*> fields) {
    while (fields.back()->message_type() != nullptr && !IsTime(*fields.back())) {
      // Its first field is its name, which is not filtered by.
      if (fields.back()->message_type() == entity::v1::Contact::descriptor()) return "c.contact_id";
      fields.push_back(fields.back()->message_type()->field(0));
    }
    return column_of_(fields);
  }

  std::string IsPresent(const FieldPath& path, bool of_list) {
    const FieldDescriptor& field = path.last();
    const std::string column = ColumnOfFirst(path.fields);
    if (field.is_repeated()) return absl::StrCat("cardinality(", column, ") > 0");
    if (of_list) {
      const absl::string_view unset =
          field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ? "''" : "0";
      return absl::StrCat(unset, " <> ANY (", column, ")");
    }
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return absl::StrCat(column, " <> ''");
      case FieldDescriptor::CPPTYPE_BOOL:
        return column;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return absl::StrCat(column, " IS NOT NULL");
      default:
        return absl::StrCat(column, " <> 0");
    }
  }

  std::string SomeElement(const Condition& condition, const std::string& column) {
    const auto* const pattern = std::get_if<TextPattern>(&condition.value);
    if (pattern == nullptr) {
      return absl::StrCat(params_.Add(std::get<int64_t>(condition.value)), "::bigint = ANY (",
                          column, ")");
    }
    // Most members have no tags or segments at all, and need no look into the list.
    return absl::StrCat("(", column, " <> '{}' AND EXISTS (SELECT FROM unnest(", column,
                        ") AS element WHERE ", Text(*pattern, condition.op, "element"), "))");
  }

  std::string Value(const Condition& condition, const std::string& expression) {
    const absl::string_view op = SqlOperator(condition.op);
    if (const auto* pattern = std::get_if<TextPattern>(&condition.value)) {
      return Text(*pattern, condition.op, expression);
    }
    if (const auto* moment = std::get_if<Moment>(&condition.value)) {
      return Time(Clamp(moment->At(now_)), condition.op, expression);
    }
    if (const auto* number = std::get_if<double>(&condition.value)) {
      return absl::StrCat(expression, " ", op, " ", params_.Add(*number), "::double precision");
    }
    if (const auto* truth = std::get_if<bool>(&condition.value)) {
      return absl::StrCat(expression, " ", op, " ", params_.Add(*truth), "::boolean");
    }
    return absl::StrCat(expression, " ", op, " ", params_.Add(std::get<int64_t>(condition.value)),
                        "::bigint");
  }

  // Columns have the collation "C": texts compare by their bytes, and only ASCII letters have case.
  std::string Text(const TextPattern& pattern, Operator op, const std::string& expression) {
    const std::string cased =
        pattern.ignore_case ? absl::StrCat("lower(", expression, ")") : expression;
    if (!IsEquality(op) || (!pattern.open_start && !pattern.open_end)) {
      return absl::StrCat(cased, " ", SqlOperator(op), " ", params_.Add(pattern.text), "::text");
    }
    return absl::StrCat(cased, op == Operator::kNotEqual ? " NOT LIKE " : " LIKE ", Like(pattern));
  }

  std::string Like(const TextPattern& pattern) {
    const std::string text =
        absl::StrReplaceAll(pattern.text, {{"\\", "\\\\"}, {"%", "\\%"}, {"_", "\\_"}});
    return absl::StrCat(
        params_.Add(absl::StrCat(pattern.open_start ? "%" : "", text, pattern.open_end ? "%" : "")),
        "::text");
  }

  // Columns know microseconds, filters nanoseconds.
  std::string Time(absl::Time time, Operator op, const std::string& expression) {
    const bool finite = time != absl::InfinitePast() && time != absl::InfiniteFuture();
    const absl::Time whole = finite ? absl::FromUnixMicros(absl::ToUnixMicros(time)) : time;
    if (whole != time) {
      if (op == Operator::kEqual || op == Operator::kHas) return "false";
      if (op == Operator::kNotEqual) return absl::StrCat(expression, " IS NOT NULL");
      // What is before a moment within a microsecond is at its beginning at most.
      if (op == Operator::kLess) op = Operator::kLessEqual;
      if (op == Operator::kGreaterEqual) op = Operator::kGreater;
    }
    return absl::StrCat(expression, " ", SqlOperator(op), " ", params_.Add(whole), "::timestamptz");
  }

  // That the contact is one of those with such an identity; nothing where that is not known.
  std::optional<std::string> Identified(const Condition& condition) {
    const auto* const pattern = std::get_if<TextPattern>(&condition.value);
    if (pattern == nullptr || !pattern->ignore_case || pattern->text.empty()) return std::nullopt;
    if (condition.op != Operator::kEqual && condition.op != Operator::kHas) return std::nullopt;
    if (pattern->open_start) return std::nullopt;
    const std::optional<IdentityKind> kind = IdentityOf(condition.path);
    if (!kind) return std::nullopt;
    return absl::StrCat(
        "c.contact_id IN (SELECT contact_id FROM contact_identities WHERE community_id = $1"
        " AND kind = ",
        params_.Add(static_cast<int64_t>(*kind)), "::smallint AND value ",
        pattern->open_end ? absl::StrCat("LIKE ", Like(*pattern))
                          : absl::StrCat("= ", params_.Add(pattern->text), "::text"),
        ")");
  }

  const absl::Time now_;
  const ColumnOf& column_of_;
  SqlParams& params_;
};

}  // namespace

std::string FilterSql(const filter::Filter& filter, absl::Time now, const ColumnOf& column_of,
                      SqlParams& params) {
  return Translator(now, column_of, params).Translate(filter.condition());
}

}  // namespace crier::ingest::storage
