#include "services/delivery/domain/payloads/payload.h"

#include <rapidjson/document.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/payloads/samples.h"

namespace crier::delivery {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Event;

std::string Render(const Event& event, const Webhook& webhook = {}) {
  const auto payload =
      RenderPayload(event, {456, "New activities → CRM"}, webhook, kDefaultAppBaseUrl);
  EXPECT_TRUE(payload.ok()) << payload.status();
  return payload.value_or("");
}

// Takes the white space between tokens away; everything else stays as it is, in its order.
std::string Compact(const std::string& json) {
  rapidjson::StringStream input(json.c_str());
  rapidjson::StringBuffer output;
  rapidjson::Writer<rapidjson::StringBuffer> writer(output);
  EXPECT_FALSE(rapidjson::Reader().Parse(input, writer).IsError());
  return output.GetString();
}

std::string DocumentedPayload(const std::string& name) {
  std::ifstream file(absl::StrCat(CRIER_TESTDATA "/payloads/", name, ".json"));
  std::stringstream content;
  content << file.rdbuf();
  EXPECT_FALSE(content.str().empty()) << name;
  return content.str();
}

// The path of every member and element with its value, in order.
void Flatten(const std::string& path, const rapidjson::Value& value,
             std::vector<std::string>& lines) {
  if (value.IsObject()) {
    for (const auto& member : value.GetObject()) {
      Flatten(absl::StrCat(path, ".", member.name.GetString()), member.value, lines);
    }
  } else if (value.IsArray()) {
    for (const auto& element : value.GetArray()) Flatten(path + "[]", element, lines);
  } else if (value.IsString()) {
    lines.push_back(absl::StrCat(path, " = \"", value.GetString(), "\""));
  } else {
    lines.push_back(absl::StrCat(path, " = ", value.GetInt64()));
  }
}

std::vector<std::string> Lines(const std::string& json) {
  rapidjson::Document document;
  document.Parse(json.c_str());
  EXPECT_FALSE(document.HasParseError()) << json;
  std::vector<std::string> lines;
  Flatten("", document, lines);
  return lines;
}

void ExpectDocumented(const Event& event, const std::string& name) {
  const std::string documented = DocumentedPayload(name);
  const std::string rendered = Render(event);

  EXPECT_EQ(Lines(rendered), Lines(documented));
  EXPECT_EQ(rendered, Compact(documented));
}

TEST(PayloadTest, SamplesAreTheDocumentedPayloads) {
  ExpectDocumented(SampleContactEvent(), "contact");
  ExpectDocumented(SampleOrganizationEvent(), "organization");
  ExpectDocumented(SampleActivityEvent(), "activity");
}

TEST(PayloadTest, IsTheSameEveryTime) {
  for (const Event& event :
       {SampleContactEvent(), SampleOrganizationEvent(), SampleActivityEvent()}) {
    Event copy;
    ASSERT_TRUE(copy.ParseFromString(event.SerializeAsString()));

    EXPECT_EQ(Render(copy), Render(event));
  }
}

TEST(PayloadTest, EnvelopeWrapsTheBarePayload) {
  Webhook enveloped;
  enveloped.envelope = true;

  EXPECT_EQ(Render(SampleActivityEvent(), enveloped),
            absl::StrCat(R"({"payload":)", Render(SampleActivityEvent()),
                         R"(,"id":"123-456-1234-dm_1234567","source":{"type":"workflow",)",
                         R"("id":456,"name":"New activities → CRM"}})"));
  EXPECT_TRUE(absl::StrContains(Render(SampleContactEvent(), enveloped),
                                R"(,"id":"123-456-0-1","source")"));
  EXPECT_TRUE(absl::StrContains(Render(SampleOrganizationEvent(), enveloped),
                                R"(,"id":"123-456-0-1","source")"));
}

TEST(PayloadTest, EnvelopeWithoutWorkflowNameHasNoName) {
  Webhook enveloped;
  enveloped.envelope = true;

  const auto payload = RenderPayload(SampleContactEvent(), {456, ""}, enveloped, "https://a");

  ASSERT_TRUE(payload.ok()) << payload.status();
  EXPECT_TRUE(absl::EndsWith(*payload, R"("source":{"type":"workflow","id":456}})")) << *payload;
}

TEST(PayloadTest, EnvelopeNeedsTheNameOfTheEntity) {
  Webhook enveloped;
  enveloped.envelope = true;
  Event event = SampleContactEvent();
  event.mutable_contact()->set_name("contacts/1");

  EXPECT_EQ(RenderPayload(event, {1, "w"}, enveloped, "https://a").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(RenderPayload(event, {1, "w"}, {}, "https://a").ok());
}

TEST(PayloadTest, MemberAliasRepeatsTheContactOfAnActivityOnly) {
  Webhook aliased;
  aliased.member_alias = true;
  const std::string bare = Render(SampleActivityEvent());
  const size_t begin = bare.find(R"({"primaryEmail")");
  const size_t end = bare.find(R"(,"activityType")");
  const std::string contact = bare.substr(begin, end - begin);

  EXPECT_EQ(Render(SampleActivityEvent(), aliased),
            absl::StrCat(bare.substr(0, end), R"(,"member":)", contact, bare.substr(end)));
  EXPECT_EQ(Render(SampleContactEvent(), aliased), Render(SampleContactEvent()));
  EXPECT_EQ(Render(SampleOrganizationEvent(), aliased), Render(SampleOrganizationEvent()));
}

TEST(PayloadTest, EventWithoutEntityIsRefused) {
  EXPECT_EQ(RenderPayload(Event(), {1, "w"}, {}, "https://a").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PayloadTest, UnknownValuesAreAbsent) {
  Event contact, organization, activity;
  contact.mutable_contact();
  organization.mutable_organization();
  activity.mutable_activity();
  Webhook aliased;
  aliased.member_alias = true;

  EXPECT_EQ(Render(contact), R"({"type":"contact","version":"202304"})");
  EXPECT_EQ(Render(organization), R"({"type":"organization","version":"202304"})");
  EXPECT_EQ(Render(activity, aliased), R"({"type":"activity","version":"202304"})");
}

TEST(PayloadTest, ObjectsAndListsOfNothingAreAbsent) {
  Event event;
  Contact& contact = *event.mutable_contact();
  contact.set_full_name("A");
  contact.mutable_organization()->mutable_location();
  contact.add_all_emails("");
  contact.mutable_github()->set_user_id("1");

  EXPECT_EQ(Render(event), R"({"type":"contact","version":"202304","fullName":"A"})");
}

TEST(PayloadTest, InnerObjectsAppearForTheirInnermostMember) {
  Event event;
  event.mutable_contact()->mutable_organization()->mutable_location()->set_country("USA");

  EXPECT_EQ(Render(event), R"({"type":"contact","version":"202304",)"
                           R"("organization":{"location":{"country":"USA"}}})");
}

TEST(PayloadTest, TimesHaveExactlyThreeFractionDigits) {
  const auto rendered = [](int64_t seconds, int32_t nanos) {
    Event event;
    auto& time = *event.mutable_contact()->mutable_first_seen_time();
    time.set_seconds(seconds);
    time.set_nanos(nanos);
    return Render(event).substr(sizeof(R"({"type":"contact","version":"202304","firstSeenDate":)") -
                                1);
  };

  EXPECT_EQ(rendered(1681726886, 978000000), R"("2023-04-17T10:21:26.978Z"})");
  EXPECT_EQ(rendered(1681726886, 0), R"("2023-04-17T10:21:26.000Z"})");
  EXPECT_EQ(rendered(1681726886, 999999999), R"("2023-04-17T10:21:26.999Z"})");
  EXPECT_EQ(rendered(0, 0), R"("1970-01-01T00:00:00.000Z"})");
  EXPECT_EQ(rendered(-1, 1000000), R"("1969-12-31T23:59:59.001Z"})");
  EXPECT_EQ(rendered(-62135596800, 0), R"("0001-01-01T00:00:00.000Z"})");
  EXPECT_EQ(rendered(253402300799, 999999999), R"("9999-12-31T23:59:59.999Z"})");
}

TEST(PayloadTest, ProfileUrlsAreDerived) {
  Event event;
  Contact& contact = *event.mutable_contact();
  contact.mutable_linked_in()->set_handle("msanford");
  contact.mutable_twitter()->set_handle("ms");
  contact.mutable_github()->set_handle("msanford");
  contact.mutable_discord()->set_handle("msanford#1234");
  contact.mutable_youtube()->set_handle("marion");
  contact.mutable_youtube()->set_user_id("UC123");

  EXPECT_EQ(Render(event),
            R"({"type":"contact","version":"202304","linkedIn":"in/msanford","twitter":"ms",)"
            R"("github":"msanford","discord":"msanford#1234","youtube":"marion",)"
            R"("linkedInUrl":"https://linkedin.com/in/msanford",)"
            R"("githubUrl":"https://github.com/msanford",)"
            R"("discordUrl":"https://discord.com/users/msanford#1234",)"
            R"("youtubeUrl":"https://www.youtube.com/channel/UC123"})");
}

TEST(PayloadTest, ProfileUrlsOfTheCallerWin) {
  Event event;
  Contact& contact = *event.mutable_contact();
  contact.mutable_linked_in()->set_url("https://l");
  contact.mutable_twitter()->set_user_id("1");
  contact.mutable_twitter()->set_url("https://t");
  contact.mutable_github()->set_handle("g");
  contact.mutable_github()->set_url("https://g");
  contact.mutable_discord()->set_url("https://d");
  contact.mutable_youtube()->set_url("https://y");

  EXPECT_EQ(Render(event), R"({"type":"contact","version":"202304","github":"g",)"
                           R"("linkedInUrl":"https://l","twitterUrl":"https://t",)"
                           R"("githubUrl":"https://g","discordUrl":"https://d",)"
                           R"("youtubeUrl":"https://y"})");
}

TEST(PayloadTest, ActivityHasOnlyPartOfItsContact) {
  const std::string payload = Render(SampleActivityEvent());

  for (const char* key : {"avatarUrl", "segments", "role", "firstSeenDate", "lastSeenSource"}) {
    EXPECT_FALSE(absl::StrContains(payload, absl::StrCat("\"", key, "\""))) << key;
  }
}

TEST(PayloadTest, ActivityUrlFollowsTheConfiguration) {
  Event event = SampleActivityEvent();
  event.set_community_id(7);
  event.mutable_activity()->set_external_id("a/\"b\"\xf0\x9f\x98\x80");
  const auto payload = RenderPayload(event, {1, "w"}, {}, "https://people.example.com");
  ASSERT_TRUE(payload.ok()) << payload.status();

  rapidjson::Document document;
  document.Parse(payload->c_str());
  const std::string url = document["commonRoomActivityUrl"].GetString();
  const std::string base = "https://people.example.com/community/7/activity/";
  ASSERT_TRUE(absl::StartsWith(url, base)) << url;
  std::string key;
  ASSERT_TRUE(absl::Base64Unescape(url.substr(base.size()), &key));
  EXPECT_EQ(key, "{\"providerId\":1234,\"token\":\"a/\\\"b\\\"\xf0\x9f\x98\x80\"}");
}

TEST(PayloadTest, ActivityOfUnknownProviderHasNoActivityUrl) {
  Event event = SampleActivityEvent();
  event.mutable_activity()->set_provider_id(0);

  EXPECT_FALSE(absl::StrContains(Render(event), "commonRoomActivityUrl"));
}

TEST(PayloadTest, SentimentIsAWordOrAbsent) {
  Event event;
  Activity& activity = *event.mutable_activity();

  activity.set_sentiment(Activity::NEGATIVE);
  EXPECT_EQ(Render(event), R"({"type":"activity","version":"202304","sentiment":"Negative"})");

  activity.set_sentiment(static_cast<Activity::Sentiment>(99));
  EXPECT_EQ(Render(event), R"({"type":"activity","version":"202304"})");
}

TEST(PayloadTest, EscapesOnlyWhatMustBeEscaped) {
  Event event;
  event.mutable_activity()->set_content("Zoë </b> \"q\" \\ \x01\b\f\n\r\t\x1f\x7f 😀\u2028");

  EXPECT_EQ(Render(event),
            "{\"type\":\"activity\",\"version\":\"202304\",\"content\":"
            "\"Zoë </b> \\\"q\\\" \\\\ \\u0001\\b\\f\\n\\r\\t\\u001F\x7f 😀\u2028\"}");
}

}  // namespace
}  // namespace crier::delivery
