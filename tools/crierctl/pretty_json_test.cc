#include "tools/crierctl/pretty_json.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(PrettyJson, IndentsWithoutTouchingOrderStringsOrNumbers) {
  EXPECT_THAT(PrettyJson(R"({"z":1.10,"a":[1e3,12345678901234567890],"s":"{\"[,:\\"})"),
              Optional(Eq(std::string(R"({
  "z": 1.10,
  "a": [
    1e3,
    12345678901234567890
  ],
  "s": "{\"[,:\\"
})"))));
}

TEST(PrettyJson, KeepsWhatIsEmptyOnOneLine) {
  EXPECT_THAT(PrettyJson("{ }"), Optional(Eq(std::string("{}"))));
  EXPECT_THAT(PrettyJson(R"({"a":[],"b":{}})"),
              Optional(Eq(std::string("{\n  \"a\": [],\n  \"b\": {}\n}"))));
  EXPECT_THAT(PrettyJson("[[],[[]]]"), Optional(Eq(std::string("[\n  [],\n  [\n    []\n  ]\n]"))));
}

TEST(PrettyJson, LaysOutAnew) {
  EXPECT_THAT(PrettyJson("{\n\t\"a\" :\r\n 1 }"), Optional(Eq(std::string("{\n  \"a\": 1\n}"))));
}

TEST(PrettyJson, TakesScalars) {
  EXPECT_THAT(PrettyJson("true"), Optional(Eq(std::string("true"))));
  EXPECT_THAT(PrettyJson("\"Zoë\""), Optional(Eq(std::string("\"Zoë\""))));
}

TEST(PrettyJson, RefusesWhatIsNotJson) {
  for (const std::string text :
       {"", "{", "{\"a\":}", "[1,]", "{} {}", "hello", "\"\xff\"", "\"a", "{'a':1}"}) {
    EXPECT_EQ(PrettyJson(text), std::nullopt) << text;
  }
}

TEST(PrettyJson, SurvivesDeepNesting) {
  EXPECT_EQ(PrettyJson(std::string(2000, '[')), std::nullopt);
  EXPECT_NE(PrettyJson(std::string(500, '[') + std::string(500, ']')), std::nullopt);
}

}  // namespace
}  // namespace crier::crierctl
