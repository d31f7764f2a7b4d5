#include "common/filter/parser.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/filter/lexer.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::filter {
namespace {

using TokenKind = Token::Kind;

constexpr char kExpectedTerm[] = "expected a field, literal or \"(\"";

bool IsKeyword(const Token& token, absl::string_view keyword) {
  return token.kind == TokenKind::kText && token.text == keyword;
}

bool IsKeyword(const Token& token) {
  return IsKeyword(token, "AND") || IsKeyword(token, "OR") || IsKeyword(token, "NOT");
}

// `2024-08-28T00`: what a word holds of a timestamp before its first colon.
bool LooksLikeTimestamp(absl::string_view text) {
  return text.size() >= 11 && absl::ascii_isdigit(text[0]) && text[4] == '-' && text[7] == '-' &&
         text[10] == 'T';
}

// One function for each rule of the grammar. Each leaves the position behind what it has parsed,
// and never on white space that it did not need.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  absl::StatusOr<Expression> Run() {
    SkipSpace();
    if (Current().kind == TokenKind::kEnd) return Expression();
    ASSIGN_OR_RETURN(Expression expression, ParseExpression());
    SkipSpace();
    if (Current().kind != TokenKind::kEnd) {
      return FilterError(Current().offset, "unexpected trailing text");
    }
    return expression;
  }

 private:
  const Token& Current() const { return tokens_[at_]; }
  const Token& Ahead(size_t count) const {
    return tokens_[std::min(at_ + count, tokens_.size() - 1)];
  }
  bool Accept(TokenKind kind) {
    if (Current().kind != kind) return false;
    ++at_;
    return true;
  }
  void SkipSpace() { Accept(TokenKind::kSpace); }

  // Whether white space and then the keyword follow.
  bool KeywordFollows(absl::string_view keyword) const {
    return Current().kind == TokenKind::kSpace && IsKeyword(Ahead(1), keyword);
  }

  // Steps over ` AND ` or ` OR `, whose right side must follow.
  absl::Status TakeKeyword(absl::string_view what_follows) {
    const Token& keyword = Ahead(1);
    if (Ahead(2).kind != TokenKind::kSpace || Ahead(3).kind == TokenKind::kEnd) {
      return FilterError(keyword.offset,
                         absl::StrCat(keyword.text, " must be followed by a space and ",
                                      what_follows, "; quote it if it is meant as text"));
    }
    at_ += 3;
    return absl::OkStatus();
  }

  // Joins what a list of operands was parsed to; one alone stands for itself.
  static Expression Combine(Kind kind, std::vector<Expression> operands) {
    if (operands.size() == 1) return std::move(operands.front());
    Expression combined;
    combined.kind = kind;
    combined.offset = operands.front().offset;
    combined.children = std::move(operands);
    return combined;
  }

  // expression : sequence {WS AND WS sequence}, and sequence : factor {WS factor}: both mean AND.
  absl::StatusOr<Expression> ParseExpression() {
    std::vector<Expression> operands;
    while (true) {
      ASSIGN_OR_RETURN(Expression factor, ParseFactor());
      operands.push_back(std::move(factor));
      if (KeywordFollows("AND")) {
        RETURN_IF_ERROR(TakeKeyword("a term"));
      } else if (Current().kind == TokenKind::kSpace && Ahead(1).kind != TokenKind::kEnd &&
                 Ahead(1).kind != TokenKind::kClose) {
        SkipSpace();
      } else {
        return Combine(Kind::kAnd, std::move(operands));
      }
    }
  }

  // factor : term {WS OR WS term}
  absl::StatusOr<Expression> ParseFactor() {
    std::vector<Expression> operands;
    while (true) {
      ASSIGN_OR_RETURN(Expression term, ParseTerm());
      operands.push_back(std::move(term));
      if (!KeywordFollows("OR")) return Combine(Kind::kOr, std::move(operands));
      RETURN_IF_ERROR(TakeKeyword("a term"));
    }
  }

  // term : [(NOT WS | MINUS)] simple
  absl::StatusOr<Expression> ParseTerm() {
    const size_t offset = Current().offset;
    if (IsKeyword(Current(), "NOT")) {
      ++at_;
      if (Current().kind != TokenKind::kSpace) {
        return FilterError(offset, "NOT must be followed by a space and a term");
      }
      SkipSpace();
    } else if (!Accept(TokenKind::kMinus)) {
      return ParseSimple();
    }
    ASSIGN_OR_RETURN(Expression operand, ParseSimple());
    Expression negation;
    negation.kind = Kind::kNot;
    negation.offset = offset;
    negation.children.push_back(std::move(operand));
    return negation;
  }

  // simple : restriction | composite
  absl::StatusOr<Expression> ParseSimple() {
    return Current().kind == TokenKind::kOpen ? ParseComposite() : ParseRestriction();
  }

  // composite : LPAREN expression RPAREN
  absl::StatusOr<Expression> ParseComposite() {
    if (++nesting_ > kMaxNesting) {
      return FilterError(Current().offset,
                         absl::StrCat("parentheses are nested more than ", kMaxNesting, " deep"));
    }
    Accept(TokenKind::kOpen);
    SkipSpace();
    if (Current().kind == TokenKind::kClose) {
      return FilterError(Current().offset, "empty parentheses");
    }
    ASSIGN_OR_RETURN(Expression expression, ParseExpression());
    SkipSpace();
    if (!Accept(TokenKind::kClose)) return FilterError(Current().offset, "expected \")\"");
    --nesting_;
    return expression;
  }

  // restriction : comparable [comparator arg]
  absl::StatusOr<Expression> ParseRestriction() {
    if (IsKeyword(Current())) return FilterError(Current().offset, kExpectedTerm);
    ASSIGN_OR_RETURN(Expression comparable, ParseComparable());
    const size_t compare = Current().kind == TokenKind::kSpace ? 1 : 0;
    if (Ahead(compare).kind != TokenKind::kCompare) return comparable;
    if (comparable.kind == Kind::kCall) {
      return FilterError(Ahead(compare).offset, "a function call cannot be compared");
    }
    at_ += compare;
    comparable.kind = Kind::kRestriction;
    comparable.op = Current().op;
    ++at_;
    SkipSpace();
    RETURN_IF_ERROR(ParseArgument(comparable));
    return comparable;
  }

  // comparable : member | function
  absl::StatusOr<Expression> ParseComparable() {
    Expression comparable;
    comparable.kind = Kind::kGlobal;
    comparable.offset = Current().offset;
    ASSIGN_OR_RETURN(comparable.parts, ParseParts());
    if (Current().kind != TokenKind::kOpen) return comparable;
    comparable.kind = Kind::kCall;
    for (const Part& part : comparable.parts) {
      if (part.quoted) return FilterError(part.offset, "a function's name cannot be quoted");
    }
    ASSIGN_OR_RETURN(comparable.children, ParseCallArguments());
    return comparable;
  }

  // member : value {DOT field}
  absl::StatusOr<Parts> ParseParts() {
    Parts parts;
    while (true) {
      const Token& token = Current();
      if (token.kind != TokenKind::kText && token.kind != TokenKind::kString) {
        return FilterError(token.offset,
                           parts.empty() ? kExpectedTerm : "expected a field name after \".\"");
      }
      parts.push_back({token.text, token.kind == TokenKind::kString, token.offset});
      ++at_;
      if (!Accept(TokenKind::kDot)) return parts;
    }
  }

  // LPAREN [arg {COMMA arg}] RPAREN
  absl::StatusOr<std::vector<Expression>> ParseCallArguments() {
    if (++nesting_ > kMaxNesting) {
      return FilterError(Current().offset, "calls are nested too deep");
    }
    std::vector<Expression> arguments;
    Accept(TokenKind::kOpen);
    SkipSpace();
    while (!Accept(TokenKind::kClose)) {
      if (!arguments.empty()) {
        if (!Accept(TokenKind::kComma)) {
          return FilterError(Current().offset, "expected \",\" or \")\"");
        }
        SkipSpace();
      }
      ASSIGN_OR_RETURN(Expression argument,
                       Current().kind == TokenKind::kOpen ? ParseComposite() : ParseCallArgument());
      arguments.push_back(std::move(argument));
      SkipSpace();
    }
    --nesting_;
    return arguments;
  }

  // An argument of a call: printed and kept like a literal.
  absl::StatusOr<Expression> ParseCallArgument() {
    if (IsKeyword(Current())) return FilterError(Current().offset, kQuoteKeyword);
    return ParseComparable();
  }

  // arg : comparable | composite, and a negative number.
  absl::Status ParseArgument(Expression& restriction) {
    const Token& token = Current();
    if (token.kind == TokenKind::kOpen) {
      ASSIGN_OR_RETURN(Expression composite, ParseComposite());
      restriction.children.push_back(std::move(composite));
      return absl::OkStatus();
    }
    if (IsKeyword(token)) return FilterError(token.offset, kQuoteKeyword);
    if (token.kind == TokenKind::kMinus) return ParseNegativeNumber(restriction);
    ASSIGN_OR_RETURN(Expression argument, ParseComparable());
    if (argument.kind == Kind::kCall) {
      restriction.children.push_back(std::move(argument));
      return absl::OkStatus();
    }
    if (Current().kind == TokenKind::kCompare && Current().op == Operator::kHas &&
        LooksLikeTimestamp(argument.parts.front().text)) {
      return FilterError(Current().offset,
                         "a timestamp must be quoted, for example \"2024-08-28T00:00:00Z\"");
    }
    restriction.argument = std::move(argument.parts);
    return absl::OkStatus();
  }

  absl::Status ParseNegativeNumber(Expression& restriction) {
    const size_t offset = Current().offset;
    Accept(TokenKind::kMinus);
    if (Current().kind != TokenKind::kText || !absl::ascii_isdigit(Current().text.front())) {
      return FilterError(offset, "\"-\" must be followed by a number here");
    }
    ASSIGN_OR_RETURN(restriction.argument, ParseParts());
    Part& first = restriction.argument.front();
    first.text.insert(0, "-");
    first.offset = offset;
    return absl::OkStatus();
  }

  static constexpr char kQuoteKeyword[] = "AND, OR and NOT must be quoted where they are values";

  const std::vector<Token> tokens_;
  size_t at_ = 0;
  int nesting_ = 0;
};

}  // namespace

absl::StatusOr<Expression> Parse(absl::string_view filter) {
  if (filter.size() > kMaxFilterBytes) {
    return InvalidField("filter", absl::StrCat("must have at most ", kMaxFilterBytes, " bytes"));
  }
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(filter));
  return Parser(std::move(tokens)).Run();
}

}  // namespace crier::filter
