#include "common/filter/parser.h"

#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/filter/ast.h"
#include "common/filter/documented_cases.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::filter {
namespace {

using testing::HasSubstr;

std::string Parsed(absl::string_view filter) {
  const auto expression = Parse(filter);
  return expression.ok() ? ToString(*expression) : std::string(expression.status().message());
}

// `INVALID_ARGUMENT at 31: …` says where.
std::string OffsetOf(absl::string_view error) {
  const std::vector<std::string> words = absl::StrSplit(error, ' ');
  return words.at(2).substr(0, words.at(2).size() - 1);
}

TEST(ParserTest, AgreesWithEveryDocumentedCase) {
  const std::vector<DocumentedCase> cases = ReadDocumentedCases();
  ASSERT_GT(cases.size(), 60u);
  for (const DocumentedCase& one : cases) {
    SCOPED_TRACE(absl::StrCat("case ", one.number, ": ", one.filter));
    if (one.expect == "syntax") {
      EXPECT_THAT(Parsed(one.filter),
                  HasSubstr(absl::StrCat("at byte ", OffsetOf(one.tree_or_error), ":")));
    } else {
      EXPECT_EQ(Parsed(one.filter), one.tree_or_error);
    }
  }
}

TEST(ParserTest, TermsSideBySideMeanAnd) {
  EXPECT_EQ(Parsed("a b OR c d AND e"),
            "(and (global a) (or (global b) (global c)) (global d) (global e))");
}

TEST(ParserTest, ReadsNegativeNumbersAsArguments) {
  EXPECT_EQ(Parsed("lead_score > -3.5"), "(> lead_score -3.5)");
  EXPECT_THAT(Parsed("title = -abc"), HasSubstr("must be followed by a number"));
  EXPECT_THAT(Parsed("- a"), HasSubstr("at byte 1"));
}

TEST(ParserTest, SuggestsQuotesForTimestamps) {
  EXPECT_THAT(Parsed("last_seen_time > 2024-08-28T00:00:00Z"), HasSubstr("must be quoted"));
}

TEST(ParserTest, AcceptsSpaceAroundEverything) {
  EXPECT_EQ(Parsed("  ( a = 1 )  AND\tf( x , 2 ) "), "(and (= a 1) (call f x 2))");
  EXPECT_EQ(Parsed(" \n "), "(all)");
}

TEST(ParserTest, RefusesWhatIsNotText) {
  EXPECT_THAT(Parsed("title = \"\xff\""), HasSubstr("UTF-8"));
  EXPECT_THAT(Parsed(absl::string_view("a\0b", 3)), HasSubstr("NUL"));
  EXPECT_THAT(Parsed("title = \"a"), HasSubstr("no closing quote"));
}

TEST(ParserTest, BoundsLengthAndNesting) {
  EXPECT_THAT(Parsed(std::string(kMaxFilterBytes + 1, 'a')), HasSubstr("at most"));
  EXPECT_THAT(Parsed(std::string(kMaxNesting + 1, '(') + "a" + std::string(kMaxNesting + 1, ')')),
              HasSubstr("nested"));
  EXPECT_EQ(Parsed(std::string(kMaxNesting, '(') + "a" + std::string(kMaxNesting, ')')),
            "(global a)");
}

// Whatever is typed, the parser answers; and what it prints of a tree means the same tree.
TEST(ParserTest, AnswersEverything) {
  std::mt19937 random(testing::UnitTest::GetInstance()->random_seed());
  const std::vector<std::string> pieces = {"a", "AND", "OR", "NOT", "-",  " ",   "(",  ")",
                                           ".", ",",   ":",  "=",   "!=", "<",   ">=", "\"x\"",
                                           "'", "\\",  "*",  "12",  "é",  "f(a)"};
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string filter;
    for (size_t length = random() % 12; length > 0; --length) {
      filter += pieces[random() % pieces.size()];
    }
    const auto expression = Parse(filter);
    if (expression.ok()) {
      ++accepted;
    } else {
      EXPECT_EQ(expression.status().code(), absl::StatusCode::kInvalidArgument) << filter;
    }
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace crier::filter
