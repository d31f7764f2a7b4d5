#include "common/filter/explain.h"

#include <string>
#include <vector>

#include "common/filter/schema.h"
#include "crier/entity/v1/activity.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace crier::filter {
namespace {

using entity::v1::Activity;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);  // 2023-11-14T22:13:20Z

std::vector<std::string> Reasons(absl::string_view text) {
  Schema schema;
  schema.message = Activity::descriptor();
  schema.searchable = {"title", "content"};
  schema.case_insensitive = {"title", "contact.tags.name"};
  Activity activity;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(contact {
             lead_score: 85
             is_team_member: true
             organization { domain: "techwrite.com" }
             tags { id: 7 name: "VIP" }
             custom_fields { key: "plan tier" value: "gold" }
           }
           title: "Technical Writer"
           occur_time { seconds: 1699913600 }
           sentiment: POSITIVE
           topics: "api")pb",
      &activity));
  const auto filter = Filter::Compile(text, schema);
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
  return filter.ok() ? Explain(*filter, activity, kNow) : std::vector<std::string>();
}

TEST(ExplainTest, SaysWhatIsThereAndHowItCompares) {
  EXPECT_THAT(Reasons("title = \"technical writer\""),
              ElementsAre("title is \"Technical Writer\""));
  EXPECT_THAT(Reasons("contact.lead_score >= 80"),
              ElementsAre("contact.lead_score is 85, at least 80"));
  EXPECT_THAT(Reasons("contact.organization.domain = \"*.com\""),
              ElementsAre("contact.organization.domain is \"techwrite.com\", ending in \".com\""));
  EXPECT_THAT(Reasons("title = \"tech*\""),
              ElementsAre("title is \"Technical Writer\", beginning with \"tech\""));
  EXPECT_THAT(Reasons("sentiment = POSITIVE contact.is_team_member = true"),
              ElementsAre("sentiment is POSITIVE", "contact.is_team_member is true"));
  EXPECT_THAT(Reasons("occur_time >= \"now-7d\""),
              ElementsAre("occur_time is 2023-11-13T22:13:20Z, at least 2023-11-07T22:13:20Z"));
  EXPECT_THAT(Reasons("title != CEO"), ElementsAre("title is \"Technical Writer\", not \"ceo\""));
}

TEST(ExplainTest, SpeaksOfListsMapsAndPresence) {
  EXPECT_THAT(Reasons("contact.tags.name:Vip topics:api"),
              ElementsAre("contact.tags.name has \"VIP\"", "topics has \"api\""));
  EXPECT_THAT(Reasons("contact.custom_fields.\"plan tier\" = gold"),
              ElementsAre("contact.custom_fields.\"plan tier\" is \"gold\""));
  EXPECT_THAT(Reasons("topics:* -tags:*"), ElementsAre("topics is there", "tags is not there"));
}

TEST(ExplainTest, OfAlternativesSaysThoseThatHold) {
  EXPECT_THAT(Reasons("title = CEO OR topics:api OR topics:x"), ElementsAre("topics has \"api\""));
  EXPECT_THAT(Reasons("writer"),
              ElementsAre("title is \"Technical Writer\", with \"writer\" in it"));
}

TEST(ExplainTest, OfWhatIsDeniedSaysWhyItFails) {
  EXPECT_THAT(Reasons("NOT title = CEO"),
              ElementsAre("title is \"Technical Writer\", not \"ceo\""));
  EXPECT_THAT(Reasons("NOT (title = CEO OR contact.lead_score < 10)"),
              ElementsAre("title is \"Technical Writer\", not \"ceo\"",
                          "contact.lead_score is 85, not below 10"));
  EXPECT_THAT(Reasons("NOT (title = CEO topics:api)"),
              ElementsAre("title is \"Technical Writer\", not \"ceo\""));
  EXPECT_THAT(Reasons("NOT contact.twitter.handle = x"),
              ElementsAre("contact.twitter.handle is not set"));
  EXPECT_THAT(Reasons("NOT topics:x"), ElementsAre("topics has nothing that is \"x\""));
  EXPECT_THAT(Reasons("topics:\"*p*\""), ElementsAre("topics has one with \"p\" in it"));
  EXPECT_THAT(Reasons("-topics:\"x*\""), ElementsAre("topics has none beginning with \"x\""));
}

TEST(ExplainTest, IsBoundedAndSilentWithoutAMatch) {
  EXPECT_THAT(Reasons(""), IsEmpty());
  EXPECT_THAT(Reasons("title = CEO"), IsEmpty());
  std::string many = "topics:api";
  for (int i = 0; i < 50; ++i) many += " topics:api";
  EXPECT_THAT(Reasons(many), SizeIs(kMaxReasons));
}

}  // namespace
}  // namespace crier::filter
