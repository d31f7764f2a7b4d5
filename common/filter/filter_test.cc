#include "common/filter/filter.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/filter/ast.h"
#include "common/filter/parser.h"
#include "common/filter/schema.h"
#include "common/filter/value.h"
#include "crier/entity/v1/contact.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace crier::filter {
namespace {

using crier::entity::v1::Contact;
using testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);  // 2023-11-14T22:13:20Z

Schema ContactSchema() {
  Schema schema;
  schema.message = Contact::descriptor();
  schema.searchable = {"full_name", "title", "all_emails"};
  schema.case_insensitive = {"full_name", "title", "organization.", "tags.name"};
  schema.hidden = {"name"};
  return schema;
}

Contact Marion() {
  Contact contact;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        full_name: "Marion Sanford"
        title: "Technical Writer"
        primary_email: "marion@example.com"
        all_emails: "marion@example.com"
        all_emails: "m@home.example"
        organization {
          display_name: "TechWrite"
          domain: "techwrite.com"
          location { city: "Austin" }
        }
        tags { id: 7 name: "Test Tag" }
        tags { id: 8 name: "VIP" }
        last_seen_time { seconds: 1699827200 }
        lead_score: 80.5
        is_team_member: true
        custom_fields { key: "plan tier" value: "gold" }
        custom_fields { key: "seats" value: "" }
      )pb",
      &contact));
  return contact;
}

bool Matches(absl::string_view filter) {
  const auto compiled = Filter::Compile(filter, ContactSchema());
  EXPECT_TRUE(compiled.ok()) << filter << ": " << compiled.status();
  return compiled.ok() && compiled->Matches(Marion(), kNow);
}

std::string Error(absl::string_view filter) {
  const auto compiled = Filter::Compile(filter, ContactSchema());
  return compiled.ok() ? absl::StrCat("accepted: ", filter)
                       : std::string(compiled.status().message());
}

TEST(FilterTest, ComparesTexts) {
  EXPECT_TRUE(Matches("title = \"technical writer\""));
  EXPECT_FALSE(Matches("primary_email = \"Marion@example.com\""));
  EXPECT_TRUE(Matches("primary_email = marion@example.com"));
  EXPECT_TRUE(Matches("primary_email = \"*@example.com\""));
  EXPECT_TRUE(Matches("full_name = \"*ION*\""));
  EXPECT_FALSE(Matches("full_name = \"Marion\""));
  EXPECT_TRUE(Matches("full_name != \"Marion\""));
  EXPECT_FALSE(Matches("full_name = \"M*d\""));  // inside of a text an asterisk is a letter
  EXPECT_FALSE(Matches("full_name = \"Mar\\*\""));
  EXPECT_FALSE(Matches("full_name = \"Marion\\\\*\"")) << "a backslash, and then anything";
  EXPECT_TRUE(Matches("primary_email >= \"marion\" primary_email < \"n\""));
  EXPECT_TRUE(Matches("title = (\"CEO\" OR \"Technical Writer\")"));
}

// Every way of comparing says without regard to case what it says with regard to it of lower case.
TEST(FilterTest, IgnoringCaseIsComparingInLowerCase) {
  const std::vector<std::string> texts = {"",   "a",   "A",   "ab",  "aB",   "AB", "b",
                                          "Ba", "BAB", "Zoë", "ZOË", "\x7f", "[",  "_"};
  for (const std::string& text : texts) {
    for (const std::string& value : texts) {
      SCOPED_TRACE(absl::StrCat("\"", text, "\" against \"", value, "\""));
      const std::string lower = absl::AsciiStrToLower(value);
      for (const bool open_start : {false, true}) {
        for (const bool open_end : {false, true}) {
          TextPattern pattern;
          pattern.text = absl::AsciiStrToLower(text);
          pattern.open_start = open_start;
          pattern.open_end = open_end;
          const bool matches = pattern.Matches(lower);
          const int order = pattern.Compare(lower);
          pattern.ignore_case = true;
          EXPECT_EQ(pattern.Matches(value), matches);
          EXPECT_EQ(pattern.Compare(value) < 0, order < 0);
          EXPECT_EQ(pattern.Compare(value) > 0, order > 0);
        }
      }
    }
  }
}

// Between quotes `\*` is an asterisk and `\\` a backslash, in this order too.
TEST(FilterTest, AnAsteriskAfterBackslashes) {
  struct Case {
    const char* quoted;
    const char* plain;  // what it looks for
    bool open_end;
  };
  for (const Case& one : {Case{R"(a*)", "a", true}, Case{R"(a\*)", "a*", false},
                          Case{R"(a\\*)", "a\\", true}, Case{R"(a\\\*)", "a\\*", false},
                          Case{R"(a\\\\*)", R"(a\\)", true}, Case{R"(a\\*b)", R"(a\*b)", false},
                          Case{R"(a\\b)", R"(a\b)", false}, Case{R"(\\)", R"(\)", false}}) {
    SCOPED_TRACE(one.quoted);
    const auto tree = Parse(absl::StrCat("title = \"", one.quoted, "\""));
    ASSERT_TRUE(tree.ok()) << tree.status();
    const TextPattern pattern = ParsePattern(tree->argument.front(), false);
    EXPECT_EQ(pattern.text, one.plain);
    EXPECT_EQ(pattern.open_end, one.open_end);
    EXPECT_EQ(ToString(tree->argument), absl::StrCat("\"", one.quoted, "\""));
  }
  EXPECT_TRUE(Filter::Compile(R"(custom_fields."a\*b":x)", ContactSchema())
                  ->Matches(
                      [] {
                        Contact contact;
                        (*contact.mutable_custom_fields())["a*b"] = "x";
                        return contact;
                      }(),
                      kNow));
}

TEST(FilterTest, ComparesNumbersBooleansAndTimes) {
  EXPECT_TRUE(Matches("lead_score >= 80"));
  EXPECT_TRUE(Matches("lead_score < 8.06e1"));
  EXPECT_TRUE(Matches("lead_score > -1"));
  EXPECT_TRUE(Matches("is_team_member = true"));
  EXPECT_FALSE(Matches("is_team_member != true"));
  EXPECT_TRUE(Matches("last_seen_time >= \"now-3d\""));
  EXPECT_FALSE(Matches("last_seen_time >= \"now-1d\""));
  EXPECT_TRUE(Matches("last_seen_time < \"2023-11-13T00:00:00+01:00\""));
}

TEST(FilterTest, TraversesMessagesListsAndMaps) {
  EXPECT_TRUE(Matches("organization.location.city = austin"));
  EXPECT_TRUE(Matches("tags.name:\"vip\""));
  EXPECT_TRUE(Matches("tags.id:7"));
  EXPECT_FALSE(Matches("tags.id:9"));
  EXPECT_TRUE(Matches("tags:*"));
  EXPECT_TRUE(Matches("-segments:*"));
  EXPECT_TRUE(Matches("all_emails:\"*home.example\""));
  EXPECT_TRUE(Matches("custom_fields.\"plan tier\" = gold"));
  EXPECT_TRUE(Matches("custom_fields:\"plan tier\""));
  EXPECT_TRUE(Matches("custom_fields.seats:*"));
  EXPECT_FALSE(Matches("custom_fields:plan"));
}

TEST(FilterTest, AnUnsetMessageNeverMatchesAndAPlainFieldComparesAsItsDefault) {
  EXPECT_FALSE(Matches("twitter.handle != \"x\""));
  EXPECT_TRUE(Matches("NOT twitter.handle = \"x\""));
  EXPECT_FALSE(Matches("first_seen_time < \"2030-01-01T00:00:00Z\""));
  EXPECT_TRUE(Matches("role != \"x\""));
  EXPECT_TRUE(Matches("role = \"\""));
  EXPECT_FALSE(Matches("role:*"));
  EXPECT_FALSE(Matches("custom_fields.missing != \"x\""));
}

TEST(FilterTest, LooksForBareWordsInTheSearchableFields) {
  EXPECT_TRUE(Matches("sanford"));
  EXPECT_TRUE(Matches("home.example"));
  EXPECT_FALSE(Matches("austin"));
  EXPECT_FALSE(Matches("-\"Technical Writer\""));
}

TEST(FilterTest, OrBindsTighterThanAnd) {
  EXPECT_FALSE(Matches("role = x AND title = x OR is_team_member = true"));
  EXPECT_TRUE(Matches("role = x OR is_team_member = true AND lead_score > 1"));
}

TEST(FilterTest, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(Error("lead_score > 1 AND domain = x"),
              HasSubstr("byte 19: there is no field `domain`; did you mean "
                        "`organization.domain`?"));
  EXPECT_THAT(Error("ful_name = x"), HasSubstr("did you mean `full_name`?"));
  EXPECT_THAT(Error("name = x"), HasSubstr("there is no field `name`"));
  EXPECT_THAT(Error("organization.nope = 1"), HasSubstr("byte 13"));
  EXPECT_THAT(Error("lead_score >= eighty"), HasSubstr("compared with a number, not with eighty"));
  EXPECT_THAT(Error("lead_score >= \"80\""), HasSubstr("compared with a number"));
  EXPECT_THAT(Error("is_team_member > true"), HasSubstr("cannot be compared by `>`"));
  EXPECT_THAT(Error("is_team_member = yes"), HasSubstr("true or false"));
  EXPECT_THAT(Error("tags.name = vip"), HasSubstr("use `tags.name:value`"));
  EXPECT_THAT(Error("tags[0].name = vip"), HasSubstr("there is no field"));
  EXPECT_THAT(Error("tags:vip"), HasSubstr("name one of its fields"));
  EXPECT_THAT(Error("title.x = 1"), HasSubstr("`title` has no fields"));
  EXPECT_THAT(Error("last_seen_time > yesterday"), HasSubstr("RFC 3339"));
  EXPECT_THAT(Error("last_seen_time > \"infinite-past\""), HasSubstr("RFC 3339"));
  EXPECT_THAT(Error("tags.id:1.5"), HasSubstr("whole number"));
  EXPECT_THAT(Error("matches(title, x)"), HasSubstr("no function `matches`"));
  EXPECT_THAT(Error("title = now()"), HasSubstr("no function `now`"));
}

TEST(FilterTest, EverySuggestedPathIsAccepted) {
  for (const std::string& path : AllPaths(ContactSchema())) {
    EXPECT_TRUE(Filter::Compile(absl::StrCat(path, ":*"), ContactSchema()).ok()) << path;
  }
}

TEST(FilterTest, TakesNoOperatorOfAnotherLanguageForAWord) {
  EXPECT_THAT(Error("title = CEO and lead_score > 5"),
              HasSubstr("byte 12: write AND instead of `and`, or quote it"));
  EXPECT_THAT(Error("not title = CEO"), HasSubstr("write NOT instead of `not`"));
  EXPECT_THAT(Error("title = CEO || title = CTO"), HasSubstr("write OR instead of `||`"));
  EXPECT_FALSE(Matches("\"and\""));
  EXPECT_FALSE(Matches("marion android"));
}

TEST(FilterTest, SaysHowFieldsWithSeveralValuesAreCompared) {
  EXPECT_THAT(Error("all_emails = x"), HasSubstr("use `all_emails:value`, not `=`"));
  EXPECT_THAT(Error("tags = VIP"), HasSubstr("use `tags.name:value`, not `=`"));
  EXPECT_THAT(Error("tags:VIP"), HasSubstr("`tags` has no value of its own"));
}

}  // namespace
}  // namespace crier::filter
