#include "common/filter/lexer.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/utf8.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::filter {
namespace {

// What ends a word, beside white space.
constexpr absl::string_view kPunctuation = ".,<>=!:()\"'";

class Lexer {
 public:
  explicit Lexer(absl::string_view filter) : filter_(filter) {}

  absl::StatusOr<std::vector<Token>> Run() {
    while (at_ < filter_.size()) RETURN_IF_ERROR(Next());
    Add(Token::Kind::kEnd, 0);
    return std::move(tokens_);
  }

 private:
  // Adds a token of the next `length` bytes and moves past them.
  Token& Add(Token::Kind kind, size_t length) {
    Token token;
    token.kind = kind;
    token.offset = at_;
    tokens_.push_back(std::move(token));
    at_ += length;
    return tokens_.back();
  }

  absl::Status Next() {
    const char c = filter_[at_];
    if (absl::ascii_isspace(c)) {
      AddSpace();
      return absl::OkStatus();
    }
    switch (c) {
      case '.':
        Add(Token::Kind::kDot, 1);
        return absl::OkStatus();
      case ',':
        Add(Token::Kind::kComma, 1);
        return absl::OkStatus();
      case '(':
        Add(Token::Kind::kOpen, 1);
        return absl::OkStatus();
      case ')':
        Add(Token::Kind::kClose, 1);
        return absl::OkStatus();
      case '-':
        Add(Token::Kind::kMinus, 1);
        return absl::OkStatus();
      case '"':
      case '\'':
        return AddString(c);
      case '<':
      case '>':
      case '=':
      case '!':
      case ':':
        return AddComparator(c);
      default:
        AddWord();
        return absl::OkStatus();
    }
  }

  void AddSpace() {
    size_t end = at_;
    while (end < filter_.size() && absl::ascii_isspace(filter_[end])) ++end;
    Add(Token::Kind::kSpace, end - at_);
  }

  void AddWord() {
    size_t end = at_;
    while (end < filter_.size() && !absl::ascii_isspace(filter_[end]) &&
           kPunctuation.find(filter_[end]) == absl::string_view::npos) {
      ++end;
    }
    const std::string text(filter_.substr(at_, end - at_));
    Add(Token::Kind::kText, end - at_).text = text;
  }

  absl::Status AddString(char quote) {
    std::string text;
    size_t backslashes = 0;  // that the text ends with
    for (size_t end = at_ + 1; end < filter_.size(); ++end) {
      if (filter_[end] == quote) {
        Add(Token::Kind::kString, end + 1 - at_).text = std::move(text);
        return absl::OkStatus();
      }
      const bool is_escaped = filter_[end] == '\\';
      if (is_escaped && ++end == filter_.size()) break;
      const char c = filter_[end];
      // Whether an asterisk is a literal one is asked only later (Part).
      if (c == '*') text.append(backslashes + (is_escaped ? 1 : 0), '\\');
      backslashes = c == '\\' ? backslashes + 1 : 0;
      text.push_back(c);
    }
    return FilterError(at_, "string has no closing quote");
  }

  absl::Status AddComparator(char c) {
    const bool or_equal = at_ + 1 < filter_.size() && filter_[at_ + 1] == '=';
    switch (c) {
      case '<':
        AddCompare(or_equal ? Operator::kLessEqual : Operator::kLess, or_equal ? 2 : 1);
        return absl::OkStatus();
      case '>':
        AddCompare(or_equal ? Operator::kGreaterEqual : Operator::kGreater, or_equal ? 2 : 1);
        return absl::OkStatus();
      case '!':
        if (!or_equal) return FilterError(at_, "unexpected \"!\"; write NOT or \"-\" to negate");
        AddCompare(Operator::kNotEqual, 2);
        return absl::OkStatus();
      case '=':
        AddCompare(Operator::kEqual, 1);
        return absl::OkStatus();
      default:
        AddCompare(Operator::kHas, 1);
        return absl::OkStatus();
    }
  }

  void AddCompare(Operator op, size_t length) { Add(Token::Kind::kCompare, length).op = op; }

  const absl::string_view filter_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

absl::Status FilterError(size_t offset, absl::string_view what) {
  return InvalidField("filter", absl::StrCat("is wrong at byte ", offset, ": ", what));
}

absl::StatusOr<std::vector<Token>> Tokenize(absl::string_view filter) {
  if (!IsValidUtf8(filter) || filter.find(static_cast<char>(0)) != absl::string_view::npos) {
    return InvalidField("filter", "must be valid UTF-8 without NUL");
  }
  return Lexer(filter).Run();
}

}  // namespace crier::filter
