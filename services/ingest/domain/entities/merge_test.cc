#include "services/ingest/domain/entities/merge.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/entities/identity.h"
#include "services/ingest/domain/entities/limits.h"

namespace crier::ingest {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Organization;
using entity::v1::Sighting;
using entity::v1::SocialProfile;
using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

MATCHER_P(EqualsText, text, "") {
  const auto expected = Parse<std::decay_t<decltype(arg)>>(text);
  if (MessageDifferencer::Equals(arg, expected)) return true;
  *result_listener << arg.DebugString();
  return false;
}

constexpr char kMarion[] = R"pb(
  full_name: "Marion Sanford"
  title: "Writer"
  primary_email: "marion@example.com"
  all_emails: "marion@example.com"
  organization {
    display_name: "TechWrite"
    domain: "techwrite.com"
    location { city: "Austin" region: "Texas" }
  }
  github { handle: "msanford" url: "https://github.com/msanford" }
  segments { id: 1 name: "One" }
  custom_fields { key: "tier" value: "gold" }
  lead_score: 2.5
  external_ids { source: "CRM" id: "1" }
)pb";

// One of few, so that repetitions and conflicts are frequent.
std::string OneOf(std::mt19937& random, std::vector<std::string> values) {
  return values[random() % values.size()];
}

// Whatever a caller may send, output-only fields and messages that say nothing included.
Contact RandomContact(std::mt19937& random) {
  Contact contact;
  const auto some = [&] { return random() % 3 != 0; };
  const auto address = [&] {
    return OneOf(random, {"a@example.com", "A@example.com", "b@example.com"});
  };
  if (some()) contact.set_full_name("Marion");
  if (some()) contact.set_title("Writer");
  if (some()) contact.set_primary_email(address());
  for (size_t i = random() % 4; i > 0; --i) contact.add_all_emails(address());
  if (some()) {
    auto& organization = *contact.mutable_organization();
    if (some()) organization.set_domain(OneOf(random, {"", "example.com"}));
    if (some()) organization.mutable_location()->set_city(OneOf(random, {"", "Austin"}));
    organization.GetReflection()->MutableUnknownFields(&organization)->AddVarint(100, 1);
  }
  for (const Network& network : Networks()) {
    if (!some()) continue;
    SocialProfile& profile = *(contact.*network.mutable_profile)();
    profile.set_handle(OneOf(random, {"", "marion"}));
    profile.set_user_id(OneOf(random, {"", "1"}));
    profile.GetReflection()->MutableUnknownFields(&profile)->AddVarint(100, 1);
  }
  for (size_t i = random() % 4; i > 0; --i) {
    auto& tag = *contact.add_tags();
    tag.set_id(static_cast<int64_t>(random() % 3));
    tag.set_name(OneOf(random, {"One", "ONE", "Two"}));
    auto& id = *contact.add_external_ids();
    id.set_source(OneOf(random, {"CRM", "Forum"}));
    id.set_id(OneOf(random, {"1", "2"}));
  }
  contact.set_lead_score(some() ? -0.0 : 2.5);
  contact.set_is_team_member(some());
  if (some()) (*contact.mutable_custom_fields())["tier"] = OneOf(random, {"", "gold"});
  if (some()) contact.set_name("communities/9/contacts/9");
  if (some()) contact.mutable_first_seen_time()->set_seconds(1);
  if (some()) contact.set_first_seen_signal("caller");
  if (some()) contact.mutable_last_seen_time()->set_seconds(1);
  if (some()) contact.set_last_seen_source("caller");
  if (some()) contact.mutable_create_time()->set_seconds(1);
  if (some()) contact.mutable_update_time()->set_seconds(1);
  if (some()) contact.set_activity_count(9);
  if (some()) contact.set_previous_title("Editor");
  if (some()) contact.mutable_previous_organization()->set_domain("example.com");
  if (some()) contact.GetReflection()->MutableUnknownFields(&contact)->AddVarint(100, 1);
  return contact;
}

TEST(AddToNothing, IsWhatAddingToAnEmptyContactMakes) {
  std::mt19937 random(testing::UnitTest::GetInstance()->random_seed());
  SCOPED_TRACE(absl::StrCat("seed ", testing::UnitTest::GetInstance()->random_seed()));
  for (int round = 0; round < 1000; ++round) {
    const Contact record = RandomContact(random);
    Contact added;
    AddToContact(record, added);
    Contact in_place = record;
    AddToNothing(in_place);
    ASSERT_EQ(in_place.SerializeAsString(), added.SerializeAsString()) << record.DebugString();

    Contact again;
    AddToContact(added, again);
    ASSERT_EQ(again.SerializeAsString(), added.SerializeAsString()) << record.DebugString();
  }
}

TEST(AddToContact, ARecordThatSaysNothingNewChangesNothing) {
  Contact known = Parse<Contact>(kMarion);

  EXPECT_FALSE(AddToContact(Parse<Contact>(kMarion), known));
  EXPECT_FALSE(AddToContact(Contact(), known));
  EXPECT_FALSE(AddToContact(Parse<Contact>(R"pb(
                              primary_email: "MARION@example.com"
                              all_emails: "Marion@Example.com"
                              github { handle: "MSanford" }
                              organization { location {} }
                            )pb"),
                            known));
  EXPECT_THAT(known, EqualsText(kMarion));
}

TEST(AddToContact, ReplacesValuesAndUnitesLists) {
  Contact known = Parse<Contact>(kMarion);

  EXPECT_TRUE(AddToContact(Parse<Contact>(R"pb(
                             title: "Editor"
                             primary_email: "ms@example.org"
                             all_emails: "ms@example.org"
                             organization { location { city: "Paris" } }
                             github { handle: "MSANFORD" user_id: "77" }
                             segments { id: 2 name: "Two" }
                             segments { id: 1 name: "First" }
                             custom_fields { key: "tier" value: "silver" }
                             custom_fields { key: "plan" value: "b" }
                             is_team_member: true
                             external_ids { source: "CRM" id: "2" }
                           )pb"),
                           known));

  EXPECT_THAT(known, EqualsText(R"pb(
                full_name: "Marion Sanford"
                title: "Editor"
                previous_title: "Writer"
                primary_email: "ms@example.org"
                all_emails: "marion@example.com"
                all_emails: "ms@example.org"
                organization {
                  display_name: "TechWrite"
                  domain: "techwrite.com"
                  location { city: "Paris" }
                }
                github { handle: "msanford" user_id: "77" url: "https://github.com/msanford" }
                segments { id: 1 name: "First" }
                segments { id: 2 name: "Two" }
                custom_fields { key: "tier" value: "silver" }
                custom_fields { key: "plan" value: "b" }
                lead_score: 2.5
                is_team_member: true
                external_ids { source: "CRM" id: "1" }
                external_ids { source: "CRM" id: "2" }
              )pb"));
}

TEST(AddToContact, AnotherAccountOrOrganizationReplacesTheKnownOneAsAWhole) {
  Contact known = Parse<Contact>(kMarion);

  EXPECT_TRUE(AddToContact(Parse<Contact>(R"pb(
                             organization { domain: "acme.com" }
                             github { handle: "marion" }
                           )pb"),
                           known));

  EXPECT_THAT(known.organization(), EqualsText(R"pb(domain: "acme.com")pb"));
  EXPECT_THAT(known.previous_organization(), EqualsText(R"pb(
                display_name: "TechWrite"
                domain: "techwrite.com"
                location { city: "Austin" region: "Texas" }
              )pb"));
  EXPECT_THAT(known.github(), EqualsText(R"pb(handle: "marion")pb"));
}

TEST(AddToContact, KeepsThePreviousTitleAndOrganizationOnlyWhenTheyAreOthers) {
  Contact known;
  AddToContact(Parse<Contact>(R"pb(title: "Writer"
                                   organization { display_name: "Acme" })pb"),
               known);
  AddToContact(Parse<Contact>(R"pb(title: "WRITER"
                                   organization { display_name: "ACME" domain: "acme.com" })pb"),
               known);
  EXPECT_EQ(known.previous_title(), "") << "another spelling";
  EXPECT_FALSE(known.has_previous_organization()) << "the same, known better";

  AddToContact(Parse<Contact>(R"pb(organization { display_name: "Acme Inc." })pb"), known);
  EXPECT_FALSE(known.has_previous_organization()) << "the domain tells";
  EXPECT_THAT(known.organization(),
              EqualsText(R"pb(display_name: "Acme Inc." domain: "acme.com")pb"));
}

TEST(AddToContact, WithoutDomainsAnotherNameIsAnotherOrganization) {
  Contact known = Parse<Contact>(R"pb(organization {
                                        display_name: "Acme"
                                        location { city: "Rome" }
                                      })pb");
  AddToContact(Parse<Contact>(R"pb(organization { display_name: "Beta" })pb"), known);
  EXPECT_THAT(known.organization(), EqualsText(R"pb(display_name: "Beta")pb"));
  EXPECT_EQ(known.previous_organization().display_name(), "Acme");
}

TEST(AddToContact, UnitesLabelsWithoutIdsByName) {
  Contact known;
  AddToContact(Parse<Contact>(R"pb(tags { name: "VIP" }
                                   tags { name: "vip" }
                                   tags { name: "other" }
                                   tags { id: 7 name: "vip" })pb"),
               known);
  EXPECT_THAT(known, EqualsText(R"pb(tags { name: "VIP" }
                                     tags { name: "other" }
                                     tags { id: 7 name: "vip" })pb"));
}

// Sightings in every order give the same first and last one.
TEST(AddSighting, DoesNotDependOnTheOrderOfArrival) {
  std::mt19937 random(testing::UnitTest::GetInstance()->random_seed());
  SCOPED_TRACE(absl::StrCat("seed ", testing::UnitTest::GetInstance()->random_seed()));
  for (int round = 0; round < 200; ++round) {
    std::vector<Sighting> sightings;
    const int count = 1 + static_cast<int>(random() % 8);
    for (int i = 0; i < count; ++i) {
      Sighting& sighting = sightings.emplace_back();
      sighting.set_source(absl::StrCat("source ", random() % 4));
      sighting.mutable_seen_time()->set_seconds(static_cast<int64_t>(random() % 3) - 1);
      sighting.mutable_seen_time()->set_nanos(static_cast<int32_t>(random() % 2));
    }
    Contact first;
    for (const Sighting& sighting : sightings) AddSighting(sighting, first);

    std::shuffle(sightings.begin(), sightings.end(), random);
    Contact second;
    for (const Sighting& sighting : sightings) AddSighting(sighting, second);

    ASSERT_TRUE(MessageDifferencer::Equals(first, second))
        << first.DebugString() << second.DebugString();
    for (const Sighting& sighting : sightings) EXPECT_FALSE(AddSighting(sighting, second));
  }
}

TEST(AddSighting, TellsTheEarliestAndTheLatest) {
  Contact contact;
  EXPECT_TRUE(AddSighting(Parse<Sighting>(R"pb(source: "B"
                                               seen_time { seconds: 5 })pb"),
                          contact));
  EXPECT_TRUE(AddSighting(Parse<Sighting>(R"pb(source: "C"
                                               seen_time { seconds: 9 })pb"),
                          contact));
  EXPECT_TRUE(AddSighting(Parse<Sighting>(R"pb(source: "A"
                                               seen_time { seconds: -1 })pb"),
                          contact));
  EXPECT_FALSE(AddSighting(Parse<Sighting>(R"pb(source: "D"
                                                seen_time { seconds: 6 })pb"),
                           contact));

  EXPECT_THAT(contact, EqualsText(R"pb(
                first_seen_time { seconds: -1 }
                first_seen_signal: "A"
                last_seen_time { seconds: 9 }
                last_seen_source: "C"
              )pb"));
}

TEST(MergeContacts, KeepsWhatTheWinnerKnowsAndFillsTheGaps) {
  Contact winner = Parse<Contact>(R"pb(
    name: "communities/1/contacts/1"
    full_name: "Marion Sanford"
    primary_email: "a@example.com"
    all_emails: "a@example.com"
    all_emails: "shared@example.com"
    twitter { handle: "winner" user_id: "1" }
    tags { id: 1 name: "Winner's" }
    first_seen_time { seconds: 50 }
    first_seen_signal: "YouTube"
    last_seen_time { seconds: 60 }
    last_seen_source: "LinkedIn"
    create_time { seconds: 100 }
    update_time { seconds: 101 }
  )pb");
  const Contact loser = Parse<Contact>(R"pb(
    name: "communities/1/contacts/2"
    full_name: "M. Sanford"
    title: "Writer"
    primary_email: "b@example.com"
    all_emails: "b@example.com"
    all_emails: "SHARED@example.com"
    twitter { handle: "loser" user_id: "2" url: "https://x.com/loser" }
    github { handle: "marion" }
    tags { id: 1 name: "Loser's" }
    tags { id: 2 name: "Two" }
    first_seen_time { seconds: 40 }
    first_seen_signal: "GitHub"
    last_seen_time { seconds: 55 }
    last_seen_source: "Slack"
    create_time { seconds: 110 }
  )pb");

  MergeContacts(loser, winner);

  EXPECT_THAT(winner, EqualsText(R"pb(
                name: "communities/1/contacts/1"
                full_name: "Marion Sanford"
                title: "Writer"
                primary_email: "a@example.com"
                all_emails: "a@example.com"
                all_emails: "shared@example.com"
                all_emails: "b@example.com"
                twitter { handle: "winner" user_id: "1" }
                github { handle: "marion" }
                tags { id: 1 name: "Winner's" }
                tags { id: 2 name: "Two" }
                first_seen_time { seconds: 40 }
                first_seen_signal: "GitHub"
                last_seen_time { seconds: 60 }
                last_seen_source: "LinkedIn"
                create_time { seconds: 100 }
                update_time { seconds: 101 }
              )pb"));
}

TEST(MergeContacts, CountsActivitiesTogetherAndIsNoChangeOfJob) {
  Contact winner = Parse<Contact>(R"pb(title: "Writer"
                                       organization { domain: "a.com" }
                                       activity_count: 2)pb");
  MergeContacts(Parse<Contact>(R"pb(title: "Editor"
                                    previous_title: "Trainee"
                                    organization { domain: "b.com" }
                                    previous_organization { domain: "c.com" }
                                    activity_count: 3)pb"),
                winner);
  EXPECT_THAT(winner, EqualsText(R"pb(title: "Writer"
                                      previous_title: "Trainee"
                                      organization { domain: "a.com" }
                                      previous_organization { domain: "c.com" }
                                      activity_count: 5
                                      first_seen_time {}
                                      last_seen_time {})pb"));
}

TEST(FillOrganization, FillsGapsAndReplacesNothing) {
  Organization known = Parse<Organization>(R"pb(display_name: "Acme" domain: "acme.com")pb");
  const auto summary = Parse<entity::v1::OrganizationSummary>(R"pb(display_name: "ACME Corp"
                                                                   domain: "acme.com"
                                                                   location { city: "Rome" })pb");
  EXPECT_TRUE(FillOrganization(summary, known));
  EXPECT_FALSE(FillOrganization(summary, known));
  EXPECT_THAT(known, EqualsText(R"pb(display_name: "Acme"
                                     domain: "acme.com"
                                     location { city: "Rome" })pb"));
}

TEST(AddToOrganization, KeepsWhatTheRecordLeavesEmpty) {
  Organization known = Parse<Organization>(R"pb(display_name: "Acme" domain: "acme.com")pb");

  EXPECT_FALSE(AddToOrganization(Parse<Organization>(R"pb(domain: "acme.com")pb"), known));
  EXPECT_TRUE(AddToOrganization(Parse<Organization>(R"pb(domain: "acme.com"
                                                         location { city: "Rome" }
                                                         logo_url: "u")pb"),
                                known));

  EXPECT_THAT(known, EqualsText(R"pb(
                display_name: "Acme"
                domain: "acme.com"
                location { city: "Rome" }
                logo_url: "u"
              )pb"));
}

TEST(AddToActivity, ReplacesListsAsAWhole) {
  Activity known = Parse<Activity>(R"pb(
    title: "Title"
    tags: "a"
    tags: "b"
    topics: "api"
    occur_time { seconds: 1 }
    provider_id: 4
  )pb");

  EXPECT_FALSE(AddToActivity(Parse<Activity>(R"pb(tags: "a"
                                                  tags: "b"
                                                  occur_time { seconds: 1 })pb"),
                             known));
  EXPECT_TRUE(AddToActivity(Parse<Activity>(R"pb(tags: "b"
                                                 sentiment: NEGATIVE
                                                 occur_time { seconds: 2 })pb"),
                            known));

  EXPECT_THAT(known, EqualsText(R"pb(
                title: "Title"
                tags: "b"
                topics: "api"
                sentiment: NEGATIVE
                occur_time { seconds: 2 }
                provider_id: 4
              )pb"));
}

TEST(CheckSize, RefusesWhatHasOutgrownTheLimits) {
  Contact contact;
  for (int i = 0; i < kMaxListElements; ++i) contact.add_tags()->set_id(i + 1);
  EXPECT_TRUE(CheckSize(contact).ok());
  contact.add_tags()->set_id(9999);
  EXPECT_EQ(CheckSize(contact).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(CheckSize(contact).message()), HasSubstr("tags"));

  Activity activity;
  activity.set_content(std::string(kMaxEntityBytes, 'x'));
  EXPECT_EQ(CheckSize(activity).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace crier::ingest
