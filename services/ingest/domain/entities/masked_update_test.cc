#include "services/ingest/domain/entities/masked_update.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace crier::ingest {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Organization;
using testing::ElementsAre;
using testing::IsEmpty;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

Contact Marion() {
  return Parse<Contact>(R"pb(
    title: "Writer"
    primary_email: "a@example.com"
    all_emails: "a@example.com"
    all_emails: "b@example.com"
    organization { domain: "acme.com" }
    github { handle: "marion" url: "https://github.com/marion" }
    tags { id: 1 name: "One" }
    tags { id: 2 name: "Two" }
    is_team_member: true
    lead_score: 3
    custom_fields { key: "tier" value: "gold" }
    custom_fields { key: "plan" value: "a" }
  )pb");
}

TEST(ReplaceInContact, AnAddressThatIsThePrimaryOneIsOneOfAll) {
  Contact known = Marion();
  EXPECT_TRUE(ReplaceInContact(Parse<Contact>(R"pb(primary_email: "new@example.com")pb"),
                               {"primary_email"}, known));
  EXPECT_THAT(known.all_emails(), ElementsAre("a@example.com", "b@example.com", "new@example.com"));
}

TEST(ReplaceInContact, MakesNamedFieldsWhatTheyAreInTheRecord) {
  Contact known = Marion();
  EXPECT_TRUE(ReplaceInContact(Parse<Contact>(R"pb(
                                 title: "Editor"
                                 role: "not named"
                                 all_emails: "a@example.com"
                                 tags { id: 2 name: "Two" }
                                 custom_fields { key: "plan" value: "b" }
                               )pb"),
                               {"title", "tags", "custom_fields"}, known));
  EXPECT_EQ(known.title(), "Editor");
  EXPECT_EQ(known.previous_title(), "Writer");
  EXPECT_EQ(known.role(), "");
  ASSERT_EQ(known.tags_size(), 1);
  EXPECT_EQ(known.tags(0).name(), "Two");
  ASSERT_EQ(known.custom_fields_size(), 1u);
  EXPECT_EQ(known.custom_fields().at("plan"), "b");
}

TEST(ReplaceInContact, ClearsNamedFieldsThatTheRecordLeavesEmpty) {
  Contact known = Marion();
  EXPECT_TRUE(ReplaceInContact(
      Parse<Contact>(R"pb(all_emails: "a@example.com")pb"),
      {"title", "organization", "github", "tags", "is_team_member", "lead_score", "custom_fields"},
      known));
  EXPECT_EQ(known.title(), "");
  EXPECT_FALSE(known.has_organization());
  EXPECT_FALSE(known.has_github());
  EXPECT_THAT(known.tags(), IsEmpty());
  EXPECT_FALSE(known.is_team_member());
  EXPECT_EQ(known.lead_score(), 0);
  EXPECT_THAT(known.custom_fields(), IsEmpty());
  EXPECT_EQ(known.previous_title(), "") << "no change from one to another";
}

TEST(ReplaceInContact, AddsWhatIdentifiesTheContactAllTheSame) {
  Contact known = Marion();
  EXPECT_TRUE(ReplaceInContact(Parse<Contact>(R"pb(
                                 all_emails: "c@example.com"
                                 github { handle: "other" }
                                 twitter { handle: "marion" url: "https://x.com/marion" }
                                 external_ids { source: "CRM" id: "1" }
                               )pb"),
                               {"role"}, known));
  EXPECT_THAT(known.all_emails(), ElementsAre("a@example.com", "b@example.com", "c@example.com"));
  EXPECT_EQ(known.github().handle(), "marion") << "another handle replaces a profile when named";
  EXPECT_EQ(known.twitter().handle(), "marion");
  EXPECT_EQ(known.twitter().url(), "");
  EXPECT_EQ(known.external_ids_size(), 1);
}

TEST(ReplaceInContact, KeepsThePrimaryAddressAmongAll) {
  Contact known = Marion();
  ReplaceInContact(Parse<Contact>(R"pb(all_emails: "c@example.com")pb"), {"all_emails"}, known);
  EXPECT_THAT(known.all_emails(), ElementsAre("c@example.com", "a@example.com"));
}

TEST(ReplaceInContact, SaysWhenNothingChanged) {
  Contact known = Marion();
  EXPECT_FALSE(ReplaceInContact(
      Marion(), {MaskableContactFields().begin(), MaskableContactFields().end()}, known));
}

TEST(ReplaceInOrganizationAndActivity, ClearWhatIsNamed) {
  Organization organization =
      Parse<Organization>(R"pb(domain: "a.com" display_name: "A" logo_url: "https://a.com/l")pb");
  EXPECT_TRUE(ReplaceInOrganization(Parse<Organization>(R"pb(domain: "a.com")pb"), {"logo_url"},
                                    organization));
  EXPECT_EQ(organization.logo_url(), "");
  EXPECT_EQ(organization.display_name(), "A");

  Activity activity = Parse<Activity>(R"pb(title: "T" tags: "a" sentiment: POSITIVE)pb");
  EXPECT_TRUE(ReplaceInActivity(Activity(), {"tags", "sentiment"}, activity));
  EXPECT_THAT(activity.tags(), IsEmpty());
  EXPECT_EQ(activity.sentiment(), Activity::SENTIMENT_UNSPECIFIED);
  EXPECT_EQ(activity.title(), "T");
}

}  // namespace
}  // namespace crier::ingest
