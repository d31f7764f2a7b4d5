#include "services/evaluator/domain/matching/match_index.h"

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/api/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/workflows/criteria.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kCommunity = 7;
const absl::Time kAcceptTime = absl::FromUnixSeconds(1'700'000'000);

Revision MakeRevision(int64_t workflow, const std::string& filter,
                      Template workflow_template = Template::kNewActivity) {
  return {{kCommunity, workflow}, workflow_template, 1, "name", filter, 0, std::nullopt};
}

MatchIndex IndexOf(std::vector<Revision> revisions) {
  auto index = MatchIndex::Build(Catalog(1, std::move(revisions)), MatchIndex());
  EXPECT_TRUE(index.ok()) << index.status();
  return index.value_or(MatchIndex());
}

Event MakeActivity(const std::string& type, const std::string& service) {
  Event event;
  event.set_kind(Event::ACTIVITY_FOUND);
  event.set_community_id(kCommunity);
  event.set_position(1);
  *event.mutable_accept_time() = api::ToProto(kAcceptTime);
  event.mutable_activity()->set_activity_type(type);
  event.mutable_activity()->set_service_name(service);
  return event;
}

std::vector<int64_t> Fired(const MatchIndex& index, const Event& event) {
  std::vector<int64_t> ids;
  for (const Revision* const revision : index.Match(event)) ids.push_back(revision->workflow.id);
  return ids;
}

TEST(MatchIndexTest, EachTemplateFiresForItsKindOfFind) {
  EXPECT_EQ(TemplateFor(Event::CONTACT_FOUND), Template::kNewMember);
  EXPECT_EQ(TemplateFor(Event::ORGANIZATION_FOUND), Template::kNewOrganization);
  EXPECT_EQ(TemplateFor(Event::ACTIVITY_FOUND), Template::kNewActivity);
}

TEST(MatchIndexTest, UpdatesAndUnknownKindsFireNothing) {
  EXPECT_EQ(TemplateFor(Event::CONTACT_UPDATED), std::nullopt);
  EXPECT_EQ(TemplateFor(Event::ORGANIZATION_UPDATED), std::nullopt);
  EXPECT_EQ(TemplateFor(Event::ACTIVITY_UPDATED), std::nullopt);
  EXPECT_EQ(TemplateFor(Event::ACTIVITY_ERASED), std::nullopt);
  EXPECT_EQ(TemplateFor(Event::KIND_UNSPECIFIED), std::nullopt);
  EXPECT_EQ(TemplateFor(static_cast<Event::Kind>(99)), std::nullopt);
}

TEST(MatchIndexTest, AnEventFiresTheWorkflowsWhoseCriteriaItsEntityMeets) {
  const MatchIndex index = IndexOf({
      MakeRevision(1, ""),
      MakeRevision(2, "title = \"hello\""),
      MakeRevision(3, "contact.lead_score > 5"),
      MakeRevision(4, "contact.lead_score > 50"),
      MakeRevision(5, "lead_score > 5", Template::kNewMember),
  });
  Event event = MakeActivity("DiscordPost", "Discord");
  event.mutable_activity()->set_title("Hello");
  event.mutable_activity()->mutable_contact()->set_lead_score(7);

  EXPECT_THAT(Fired(index, event), ElementsAre(1, 2, 3));
}

TEST(MatchIndexTest, FindsContactsAndOrganizationsByTheirOwnFields) {
  const MatchIndex index = IndexOf({
      MakeRevision(1, "activity_count >= 3", Template::kNewMember),
      MakeRevision(2, "custom_fields.plan = gold", Template::kNewMember),
      MakeRevision(3, "domain = \"*.example\"", Template::kNewOrganization),
  });
  Event contact;
  contact.set_kind(Event::CONTACT_FOUND);
  contact.set_community_id(kCommunity);
  contact.set_position(1);
  contact.mutable_contact()->set_activity_count(3);
  Event organization = contact;
  organization.set_kind(Event::ORGANIZATION_FOUND);
  organization.mutable_organization()->set_domain("acme.example");

  EXPECT_THAT(Fired(index, contact), ElementsAre(1));
  EXPECT_THAT(Fired(index, organization), ElementsAre(3));
}

TEST(MatchIndexTest, AnEventWhoseEntityWasErasedFiresNothing) {
  const MatchIndex index = IndexOf({MakeRevision(1, "", Template::kNewMember)});
  Event event;
  event.set_kind(Event::CONTACT_FOUND);
  event.set_community_id(kCommunity);
  event.set_position(1);
  EXPECT_THAT(Fired(index, event), IsEmpty());

  event.mutable_contact();
  EXPECT_THAT(Fired(index, event), ElementsAre(1));
}

TEST(MatchIndexTest, LooksAtWorkflowsByTypeAndServiceWhateverTheCase) {
  const MatchIndex index = IndexOf({
      MakeRevision(1, "activity_type = DiscordPost"),
      MakeRevision(2, "activity_type = (GitHubStarred OR discordpost) title:*"),
      MakeRevision(3, "service_name = discord"),
      MakeRevision(4, "service_name = GitHub OR activity_type = DiscordPost"),
      MakeRevision(5, "activity_type = \"Discord*\""),
      MakeRevision(6, "NOT activity_type = DiscordPost"),
      MakeRevision(7, "activity_type = GitHubStarred"),
      MakeRevision(8, "activity_type = a AND activity_type = DiscordPost"),
  });
  Event event = MakeActivity("DiscordPost", "Discord");
  event.mutable_activity()->set_title("a title");

  EXPECT_THAT(Fired(index, event), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(Fired(index, MakeActivity("GITHUBSTARRED", "GitHub")), ElementsAre(4, 6, 7));
}

TEST(MatchIndexTest, RelativeTimesCountFromTheAcceptTime) {
  const MatchIndex index = IndexOf({MakeRevision(1, "occur_time >= \"now-1d\"")});
  Event event = MakeActivity("a", "b");
  auto* const occur_time = event.mutable_activity()->mutable_occur_time();

  *occur_time = api::ToProto(kAcceptTime - absl::Hours(24));
  EXPECT_THAT(Fired(index, event), ElementsAre(1));
  *occur_time = api::ToProto(kAcceptTime - absl::Hours(24) - absl::Nanoseconds(1));
  EXPECT_THAT(Fired(index, event), IsEmpty());
}

TEST(MatchIndexTest, EachRevisionFiresByTheCriteriaOfItsTime) {
  Revision before = MakeRevision(1, "title = old");
  before.until_position = 1;
  Revision after = MakeRevision(1, "title = new");
  after.from_position = 1;
  const MatchIndex index = IndexOf({before, after});
  Event event = MakeActivity("a", "b");
  event.mutable_activity()->set_title("old");

  EXPECT_THAT(Fired(index, event), ElementsAre(1));
  event.set_position(2);
  EXPECT_THAT(Fired(index, event), IsEmpty());
  event.mutable_activity()->set_title("new");
  EXPECT_THAT(Fired(index, event), ElementsAre(1));
}

TEST(MatchIndexTest, CriteriaOfALaterReleaseAreNotGuessedAt) {
  const auto index =
      MatchIndex::Build(Catalog(1, {MakeRevision(9, "field_of_tomorrow = 1")}), MatchIndex());

  EXPECT_EQ(index.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(index.status().message()), HasSubstr("communities/7/workflows/9"));
}

TEST(MatchIndexTest, OutlivesThePreviousOneThatItSharesWith) {
  MatchIndex index = IndexOf({MakeRevision(1, "title = a"), MakeRevision(2, "title = b")});
  index = *MatchIndex::Build(Catalog(2, {MakeRevision(2, "title = b")}), index);
  Event event = MakeActivity("a", "b");
  event.mutable_activity()->set_title("B");

  EXPECT_EQ(index.catalog().version(), 2);
  EXPECT_THAT(Fired(index, event), ElementsAre(2));
}

}  // namespace
}  // namespace crier::evaluator
