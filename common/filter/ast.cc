#include "common/filter/ast.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace crier::filter {
namespace {

std::string Joined(absl::string_view head, const std::vector<Expression>& children) {
  std::string text = absl::StrCat("(", head);
  for (const Expression& child : children) absl::StrAppend(&text, " ", ToString(child));
  return absl::StrCat(text, ")");
}

// A literal that is an argument is looked for nowhere, so it is shown as it is.
std::string ArgumentToString(const Expression& argument) {
  return argument.kind == Kind::kGlobal ? ToString(argument.parts) : ToString(argument);
}

// As it would be written between quotes.
std::string Escaped(const std::string& text) {
  std::string escaped;
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t kept = BackslashesBeforeAsterisk(text, i);
    escaped.append(kept, '\\');
    i += kept;
    if (text[i] == '\\' || text[i] == '"') escaped.push_back('\\');
    escaped.push_back(text[i]);
  }
  return escaped;
}

}  // namespace

size_t BackslashesBeforeAsterisk(absl::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && text[end] == '\\') ++end;
  return end < text.size() && text[end] == '*' ? end - at : 0;
}

std::string PlainText(const Part& part) {
  std::string plain;
  for (size_t i = 0; i < part.text.size(); ++i) {
    const size_t backslashes = part.quoted ? BackslashesBeforeAsterisk(part.text, i) : 0;
    plain.append(backslashes / 2, '\\');
    i += backslashes;
    plain.push_back(part.text[i]);
  }
  return plain;
}

std::string ToString(const Parts& parts) {
  return absl::StrJoin(parts, ".", [](std::string* out, const Part& part) {
    if (!part.quoted) {
      absl::StrAppend(out, part.text);
    } else {
      absl::StrAppend(out, "\"", Escaped(part.text), "\"");
    }
  });
}

const char* ToString(Operator op) {
  switch (op) {
    case Operator::kEqual:
      return "=";
    case Operator::kNotEqual:
      return "!=";
    case Operator::kLess:
      return "<";
    case Operator::kLessEqual:
      return "<=";
    case Operator::kGreater:
      return ">";
    case Operator::kGreaterEqual:
      return ">=";
    case Operator::kHas:
      return ":";
  }
  return "?";
}

std::string ToString(const Expression& expression) {
  switch (expression.kind) {
    case Kind::kAll:
      return "(all)";
    case Kind::kAnd:
      return Joined("and", expression.children);
    case Kind::kOr:
      return Joined("or", expression.children);
    case Kind::kNot:
      return Joined("not", expression.children);
    case Kind::kGlobal:
      return absl::StrCat("(global ", ToString(expression.parts), ")");
    case Kind::kCall: {
      std::string text = absl::StrCat("(call ", ToString(expression.parts));
      for (const Expression& argument : expression.children) {
        absl::StrAppend(&text, " ", ArgumentToString(argument));
      }
      return absl::StrCat(text, ")");
    }
    case Kind::kRestriction:
      return absl::StrCat("(", ToString(expression.op), " ", ToString(expression.parts), " ",
                          expression.children.empty() ? ToString(expression.argument)
                                                      : ToString(expression.children.front()),
                          ")");
  }
  return "?";
}

}  // namespace crier::filter
