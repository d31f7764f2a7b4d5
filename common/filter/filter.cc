#include "common/filter/filter.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/filter/lexer.h"
#include "common/filter/parser.h"
#include "common/filter/value.h"
#include "common/status/macros.h"

namespace crier::filter {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// `:*`, with the asterisk not in quotes.
bool AsksForPresence(const Expression& restriction) {
  return restriction.op == Operator::kHas && restriction.argument.size() == 1 &&
         !restriction.argument.front().quoted && restriction.argument.front().text == "*";
}

// Resolves the names and values of a tree against the schema.
class Binder {
 public:
  explicit Binder(const Schema& schema) : schema_(schema) {}

  absl::StatusOr<Condition> Bind(const Expression& expression) const {
    switch (expression.kind) {
      case Kind::kAll:
        return Condition();
      case Kind::kAnd:
      case Kind::kOr:
      case Kind::kNot:
        return BindChildren(expression, [this](const Expression& child) { return Bind(child); });
      case Kind::kGlobal:
        return BindGlobal(expression);
      case Kind::kCall:
        return UnknownFunction(expression);
      case Kind::kRestriction:
        return expression.children.empty() ? BindRestriction(expression)
                                           : Distribute(expression, expression.children.front());
    }
    return FilterError(expression.offset, "cannot be understood");
  }

 private:
  static absl::Status UnknownFunction(const Expression& call) {
    return FilterError(call.offset, absl::StrCat("there is no function `", ToString(call.parts),
                                                 "`; filters know fields only"));
  }

  template <typename BindChild>
  static absl::StatusOr<Condition> BindChildren(const Expression& expression,
                                                const BindChild& bind_child) {
    Condition condition;
    condition.kind = expression.kind == Kind::kAnd  ? Condition::Kind::kAnd
                     : expression.kind == Kind::kOr ? Condition::Kind::kOr
                                                    : Condition::Kind::kNot;
    for (const Expression& child : expression.children) {
      ASSIGN_OR_RETURN(Condition bound, bind_child(child));
      condition.children.push_back(std::move(bound));
    }
    return condition;
  }

  // A bare literal: contained in any of the searchable fields, whatever its case.
  absl::StatusOr<Condition> BindGlobal(const Expression& literal) const {
    if (schema_.searchable.empty()) {
      return FilterError(literal.offset, "a bare word is not searched for here; name a field");
    }
    RETURN_IF_ERROR(CheckNoOperator(literal));
    const Part part{ToString(literal.parts), false, literal.offset};
    TextPattern pattern =
        ParsePattern(literal.parts.size() == 1 ? literal.parts.front() : part, true);
    pattern.open_start = pattern.open_end = true;
    Condition any;
    any.kind = Condition::Kind::kOr;
    for (const std::string& path : schema_.searchable) {
      ASSIGN_OR_RETURN(const Expression field, Parse(absl::StrCat(path, ":*")));
      ASSIGN_OR_RETURN(Condition contains, BindRestriction(field));
      contains.value = pattern;
      any.children.push_back(std::move(contains));
    }
    return any;
  }

  // Nobody looks for the word `and`: who types it means the operator, and would get what has the
  // word in it, which is nothing.
  static absl::Status CheckNoOperator(const Expression& literal) {
    const Part& word = literal.parts.front();
    if (literal.parts.size() != 1 || word.quoted) return absl::OkStatus();
    const std::string lower = absl::AsciiStrToLower(word.text);
    std::string meant;
    if (lower == "and" || lower == "&&") meant = "AND";
    if (lower == "or" || lower == "||") meant = "OR";
    if (lower == "not" || lower == "!") meant = "NOT";
    if (meant.empty()) return absl::OkStatus();
    return FilterError(literal.offset, absl::StrCat("write ", meant, " instead of `", word.text,
                                                    "`, or quote it if it is a word to look for"));
  }

  // `title = ("CEO" OR "CTO")`: the comparison with each literal of the composite.
  absl::StatusOr<Condition> Distribute(const Expression& restriction,
                                       const Expression& composite) const {
    switch (composite.kind) {
      case Kind::kGlobal: {
        Expression one = restriction;
        one.children.clear();
        one.argument = composite.parts;
        return BindRestriction(one);
      }
      case Kind::kAnd:
      case Kind::kOr:
      case Kind::kNot:
        return BindChildren(composite, [this, &restriction](const Expression& child) {
          return Distribute(restriction, child);
        });
      case Kind::kCall:
        return UnknownFunction(composite);
      default:
        return FilterError(composite.offset, "only values may stand in these parentheses");
    }
  }

  absl::StatusOr<Condition> BindRestriction(const Expression& restriction) const {
    Condition condition;
    condition.kind = Condition::Kind::kCompare;
    condition.op = restriction.op;
    ASSIGN_OR_RETURN(condition.path, Resolve(restriction));
    RETURN_IF_ERROR(CheckOperator(restriction, condition.path));
    if (AsksForPresence(restriction)) {
      condition.value = Present();
      return condition;
    }
    const std::string path = ToString(restriction.parts);
    if (condition.path.last().is_map() && !condition.path.has_key) {
      // `m:key` asks for the key.
      condition.path.has_key = true;
      condition.path.key = ToString(restriction.argument);
      if (restriction.argument.size() == 1)
        condition.path.key = PlainText(restriction.argument.front());
      condition.value = Present();
      return condition;
    }
    ASSIGN_OR_RETURN(condition.value, ParseValue(ElementOf(condition.path), path,
                                                 restriction.argument, IgnoresCase(schema_, path)));
    return condition;
  }

  // What values of the path are compared with: the field, or the value of a map's entry.
  static const FieldDescriptor& ElementOf(const FieldPath& path) {
    return path.last().is_map() ? *path.last().message_type()->map_value() : path.last();
  }

  absl::StatusOr<FieldPath> Resolve(const Expression& restriction) const {
    FieldPath path;
    const Descriptor* message = schema_.message;
    std::string name;
    for (const Part& part : restriction.parts) {
      if (!path.fields.empty() && path.last().is_map() && !path.has_key) {
        path.has_key = true;
        path.key = PlainText(part);
        continue;
      }
      if (message == nullptr) {
        return FilterError(part.offset, absl::StrCat("`", name, "` has no fields"));
      }
      absl::StrAppend(&name, name.empty() ? "" : ".", part.text);
      const FieldDescriptor* const field = message->FindFieldByName(part.text);
      if (field == nullptr || schema_.hidden.count(name) > 0)
        return UnknownField(part, restriction);
      path.fields.push_back(field);
      message = field->message_type();
      if (message != nullptr && (field->is_map() || IsValueType(*field))) message = nullptr;
    }
    return path;
  }

  absl::Status UnknownField(const Part& part, const Expression& restriction) const {
    const std::string typed = ToString(restriction.parts);
    const std::string suggestion = Suggest(schema_, typed);
    return FilterError(
        part.offset,
        absl::StrCat("there is no field `", typed, "`",
                     suggestion.empty() ? std::string()
                                        : absl::StrCat("; did you mean `", suggestion, "`?")));
  }

  // `.name` where an element is a message with a name, which is compared instead of the message.
  static std::string FieldOfElement(const FieldDescriptor& field) {
    const bool named = field.message_type() != nullptr && !field.is_map() && !IsValueType(field) &&
                       field.message_type()->FindFieldByName("name") != nullptr;
    return named ? ".name" : "";
  }

  static absl::Status CheckOperator(const Expression& restriction, const FieldPath& path) {
    const std::string name = ToString(restriction.parts);
    const bool many =
        std::any_of(path.fields.begin(), path.fields.end(), [&path](const FieldDescriptor* field) {
          return field->is_repeated() && !(field->is_map() && path.has_key);
        });
    if (many && restriction.op != Operator::kHas) {
      return FilterError(restriction.offset,
                         absl::StrCat("`", name, "` may hold several values: use `", name,
                                      FieldOfElement(path.last()), ":value`, not `",
                                      ToString(restriction.op), "`"));
    }
    if (!OperatorFits(ElementOf(path), restriction.op)) {
      return FilterError(restriction.offset, absl::StrCat("`", name, "` cannot be compared by `",
                                                          ToString(restriction.op), "`"));
    }
    return absl::OkStatus();
  }

  const Schema& schema_;
};

}  // namespace

absl::StatusOr<Filter> Filter::Compile(absl::string_view text, const Schema& schema) {
  ASSIGN_OR_RETURN(const Expression expression, Parse(text));
  Filter filter;
  ASSIGN_OR_RETURN(filter.condition_, Binder(schema).Bind(expression));
  return filter;
}

}  // namespace crier::filter
