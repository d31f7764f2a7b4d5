// Everything that callers may get wrong: over gRPC, alone and in a batch.
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/server_test_fixture.h"

namespace crier::ingest {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using testing::ElementsAreArray;

using BadInputTest = ServerTest;
using Request = std::variant<v1::UpsertContactRequest, v1::UpsertOrganizationRequest,
                             v1::RecordActivityRequest>;

struct BadInput {
  Request request;
  std::vector<std::string> fields;
};

v1::UpsertContactRequest GoodContact() {
  v1::UpsertContactRequest request;
  request.set_parent("communities/1");
  request.mutable_contact()->set_primary_email("marion@example.com");
  request.add_sightings()->set_source("Test");
  return request;
}

v1::UpsertOrganizationRequest GoodOrganization() {
  v1::UpsertOrganizationRequest request;
  request.set_parent("communities/1");
  request.mutable_organization()->set_domain("example.com");
  return request;
}

v1::RecordActivityRequest GoodActivity() {
  v1::RecordActivityRequest request;
  request.set_parent("communities/1");
  Activity& activity = *request.mutable_activity();
  activity.mutable_contact()->set_primary_email("marion@example.com");
  activity.set_activity_type("DiscordPost");
  activity.set_service_name("Discord");
  activity.set_external_id("1");
  activity.mutable_occur_time();
  return request;
}

// A contact with one thing that is not right.
BadInput WithContact(std::vector<std::string> fields, const std::function<void(Contact&)>& change) {
  v1::UpsertContactRequest request = GoodContact();
  change(*request.mutable_contact());
  return {request, std::move(fields)};
}

BadInput WithRequest(std::vector<std::string> fields,
                     const std::function<void(v1::UpsertContactRequest&)>& change) {
  v1::UpsertContactRequest request = GoodContact();
  change(request);
  return {request, std::move(fields)};
}

BadInput WithOrganization(std::vector<std::string> fields,
                          const std::function<void(entity::v1::Organization&)>& change) {
  v1::UpsertOrganizationRequest request = GoodOrganization();
  change(*request.mutable_organization());
  return {request, std::move(fields)};
}

BadInput WithActivity(std::vector<std::string> fields,
                      const std::function<void(Activity&)>& change) {
  v1::RecordActivityRequest request = GoodActivity();
  change(*request.mutable_activity());
  return {request, std::move(fields)};
}

std::string Long(size_t size) { return std::string(size, 'x'); }

std::vector<BadInput> BadContacts() {
  std::vector<BadInput> inputs = {
      WithRequest({"contact"}, [](auto& r) { r.clear_contact(); }),
      WithRequest({"sightings"}, [](auto& r) { r.clear_sightings(); }),
      WithRequest({"sightings"},
                  [](auto& r) {
                    for (int i = 0; i < 100; ++i) r.add_sightings()->set_source("Test");
                  }),
      WithRequest({"sightings[1].source"}, [](auto& r) { r.add_sightings(); }),
      WithRequest(
          {"sightings[0].seen_time"},
          [](auto& r) { r.mutable_sightings(0)->mutable_seen_time()->set_seconds(253402300800); }),
      WithRequest({"sightings[0].seen_time"},
                  [](auto& r) { r.mutable_sightings(0)->mutable_seen_time()->set_nanos(-1); }),
      WithContact({"contact"}, [](auto& c) { c.Clear(); }),
      WithContact({"contact"},
                  [](auto& c) {
                    c.Clear();
                    c.mutable_twitter()->set_user_id("12345678");
                  }),
      WithContact({"contact"},
                  [](auto& c) {
                    for (int i = 0; i < 70; ++i) {
                      (*c.mutable_custom_fields())[absl::StrCat(i)] = Long(4000);
                    }
                  }),
      WithContact({"contact.full_name"}, [](auto& c) { c.set_full_name(Long(4097)); }),
      WithContact({"contact.full_name"}, [](auto& c) { c.set_full_name(std::string("a\0b", 3)); }),
      WithContact({"contact.title"}, [](auto& c) { c.set_title(Long(4097)); }),
      WithContact({"contact.role"}, [](auto& c) { c.set_role(Long(4097)); }),
      WithContact({"contact.avatar_url"}, [](auto& c) { c.set_avatar_url("/avatar.png"); }),
      WithContact({"contact.avatar_url"}, [](auto& c) { c.set_avatar_url("https://"); }),
      WithContact({"contact.avatar_url"}, [](auto& c) { c.set_avatar_url("https:///a.png"); }),
      WithContact({"contact.avatar_url"}, [](auto& c) { c.set_avatar_url("https://a\x01"); }),
      WithContact({"contact.primary_email"}, [](auto& c) { c.set_primary_email("marion"); }),
      WithContact({"contact.primary_email"},
                  [](auto& c) { c.set_primary_email(Long(317) + "@b.c"); }),
      WithContact({"contact.all_emails[2]"},
                  [](auto& c) {
                    for (const char* email : {"a@b.c", "b@b.c", "c@d@e"}) c.add_all_emails(email);
                  }),
      WithContact({"contact.all_emails[0]"}, [](auto& c) { c.add_all_emails(""); }),
      WithContact({"contact.all_emails"},
                  [](auto& c) {
                    for (int i = 0; i < 1001; ++i) c.add_all_emails("a@b.c");
                  }),
      WithContact({"contact.organization.display_name"},
                  [](auto& c) { c.mutable_organization()->set_display_name(Long(4097)); }),
      WithContact({"contact.organization.domain"},
                  [](auto& c) { c.mutable_organization()->set_domain(Long(254)); }),
      WithContact(
          {"contact.organization.location.city"},
          [](auto& c) { c.mutable_organization()->mutable_location()->set_city(Long(4097)); }),
      WithContact({"contact.linked_in.handle"},
                  [](auto& c) { c.mutable_linked_in()->set_handle("company/acme"); }),
      WithContact({"contact.twitter.handle"},
                  [](auto& c) { c.mutable_twitter()->set_handle("@"); }),
      WithContact({"contact.github.user_id"},
                  [](auto& c) { c.mutable_github()->set_user_id(Long(256)); }),
      WithContact({"contact.discord.url"},
                  [](auto& c) { c.mutable_discord()->set_url("javascript:alert(1)"); }),
      WithContact({"contact.youtube.handle"},
                  [](auto& c) { c.mutable_youtube()->set_handle(Long(256)); }),
      // What is too long is not looked at any further.
      WithContact({"contact.twitter.handle"},
                  [](auto& c) { c.mutable_twitter()->set_handle("x y" + Long(256)); }),
      WithContact({"contact.segments[0].id", "contact.segments[0].name"},
                  [](auto& c) { c.add_segments()->set_id(-1); }),
      WithContact({"contact.tags[0].id"},
                  [](auto& c) {
                    c.add_tags()->set_id(-1);
                    c.mutable_tags(0)->set_name("tag");
                  }),
      WithContact({"contact.lead_score"},
                  [](auto& c) { c.set_lead_score(std::numeric_limits<double>::quiet_NaN()); }),
      WithContact({"contact.custom_fields[]"},
                  [](auto& c) { (*c.mutable_custom_fields())[""] = "value"; }),
      WithContact({"contact.custom_fields[tier]"},
                  [](auto& c) { (*c.mutable_custom_fields())["tier"] = Long(4097); }),
      WithContact({"contact.external_ids[0].source"},
                  [](auto& c) { c.add_external_ids()->set_id("1"); }),
      WithContact({"contact.external_ids[0].id"},
                  [](auto& c) {
                    c.add_external_ids()->set_source("CRM");
                    c.mutable_external_ids(0)->set_id(Long(1025));
                  }),
      WithContact({"contact.external_ids[0].id"},
                  [](auto& c) {
                    c.add_external_ids()->set_source("CRM");
                    c.mutable_external_ids(0)->set_id("null");
                  }),
      // Everything that is wrong is named at once.
      WithRequest({"parent", "contact.primary_email", "contact.lead_score", "sightings"},
                  [](auto& r) {
                    r.set_parent("communities/0");
                    r.mutable_contact()->set_primary_email("@");
                    r.mutable_contact()->set_lead_score(std::numeric_limits<double>::infinity());
                    r.clear_sightings();
                  }),
  };
  for (const char* parent :
       {"", "communities", "communities/", "communities/x", "communities/-1", "communities/01",
        "communities/9223372036854775808", "webhooks/1", "communities/1/contacts/1"}) {
    inputs.push_back(WithRequest({"parent"}, [&](auto& r) { r.set_parent(parent); }));
  }
  return inputs;
}

std::vector<BadInput> BadOrganizations() {
  v1::UpsertOrganizationRequest nothing;
  std::vector<BadInput> inputs = {
      {nothing, {"parent", "organization"}},
      WithOrganization({"organization.display_name"},
                       [](auto& o) { o.set_display_name(Long(4097)); }),
      WithOrganization({"organization.location.country"},
                       [](auto& o) { o.mutable_location()->set_country(Long(4097)); }),
      WithOrganization({"organization.logo_url"}, [](auto& o) { o.set_logo_url("logo.png"); }),
      WithOrganization({"organization"}, [](auto& o) { o.set_display_name(Long(256 * 1024)); }),
  };
  for (const std::string& domain :
       {std::string(), std::string("localhost"), std::string("a..b"), std::string("-a.com"),
        std::string("a b.com"), std::string("https://"), std::string("ex℀mple.com"),
        std::string("co.uk"), std::string("10.0.0.1"), std::string("mail.gmail.com"),
        Long(64) + ".com",
        Long(60) + "." + Long(60) + "." + Long(60) + "." + Long(60) + "." + Long(60)}) {
    inputs.push_back(
        WithOrganization({"organization.domain"}, [&](auto& o) { o.set_domain(domain); }));
  }
  return inputs;
}

std::vector<BadInput> BadActivities() {
  v1::RecordActivityRequest nothing;
  return {
      {nothing, {"parent", "activity"}},
      WithActivity({"activity.contact"}, [](auto& a) { a.clear_contact(); }),
      WithActivity({"activity.contact"}, [](auto& a) { a.mutable_contact()->Clear(); }),
      WithActivity({"activity.contact.all_emails[0]"},
                   [](auto& a) { a.mutable_contact()->add_all_emails("x"); }),
      WithActivity({"activity.activity_type"}, [](auto& a) { a.set_activity_type(" "); }),
      WithActivity({"activity.service_name"}, [](auto& a) { a.set_service_name(Long(256)); }),
      WithActivity({"activity.external_id"}, [](auto& a) { a.clear_external_id(); }),
      WithActivity({"activity.external_id"}, [](auto& a) { a.set_external_id(Long(1025)); }),
      WithActivity({"activity.provider_id"}, [](auto& a) { a.set_provider_id(-1); }),
      WithActivity({"activity.title"}, [](auto& a) { a.set_title(Long(4097)); }),
      WithActivity({"activity.content"}, [](auto& a) { a.set_content(std::string("\0", 1)); }),
      WithActivity({"activity"}, [](auto& a) { a.set_content(Long(256 * 1024)); }),
      WithActivity({"activity.external_activity_url"},
                   [](auto& a) { a.set_external_activity_url("ftp://x.y/z"); }),
      WithActivity({"activity.occur_time"}, [](auto& a) { a.clear_occur_time(); }),
      WithActivity({"activity.occur_time"},
                   [](auto& a) { a.mutable_occur_time()->set_seconds(-62135596801); }),
      WithActivity({"activity.sentiment"},
                   [](auto& a) { a.set_sentiment(static_cast<Activity::Sentiment>(7)); }),
      WithActivity({"activity.categories[1]"},
                   [](auto& a) {
                     a.add_categories("Product Question");
                     a.add_categories("");
                   }),
      WithActivity({"activity.tags"},
                   [](auto& a) {
                     for (int i = 0; i < 1001; ++i) a.add_tags("t");
                   }),
      WithActivity({"activity.topics[0]"}, [](auto& a) { a.add_topics(Long(4097)); }),
  };
}

v1::BatchIngestItem ToItem(const Request& request) {
  v1::BatchIngestItem item;
  if (const auto* contact = std::get_if<v1::UpsertContactRequest>(&request)) {
    *item.mutable_contact() = *contact;
  } else if (const auto* activity = std::get_if<v1::RecordActivityRequest>(&request)) {
    *item.mutable_activity() = *activity;
  } else {
    *item.mutable_organization() = std::get<v1::UpsertOrganizationRequest>(request);
  }
  return item;
}

TEST_F(BadInputTest, IsRefusedFieldByFieldAndStoresNothing) {
  Replica replica(options_);
  replica.WaitUntilReady();
  std::vector<BadInput> inputs = BadContacts();
  for (BadInput& input : BadOrganizations()) inputs.push_back(std::move(input));
  for (BadInput& input : BadActivities()) inputs.push_back(std::move(input));

  for (size_t i = 0; i < inputs.size(); ++i) {
    SCOPED_TRACE(absl::StrCat("input ", i, ", bad: ", inputs[i].fields[0]));
    v1::IngestResult result;
    const absl::Status status = std::visit(
        [&](const auto& request) { return Ingest(replica, request, &result); }, inputs[i].request);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(BadFields(rpc::ToProto(status)), ElementsAreArray(inputs[i].fields));

    v1::BatchIngestRequest batch;
    *batch.add_items() = ToItem(inputs[i].request);
    v1::BatchIngestResponse response;
    ASSERT_TRUE(Ingest(replica, batch, &response).ok());
    ASSERT_EQ(response.results_size(), 1);
    EXPECT_EQ(response.results(0).error().code(), 3);
    EXPECT_THAT(BadFields(response.results(0).error()), ElementsAreArray(inputs[i].fields));
  }

  const auto stored =
      postgres_->Run({postgres_->url(), "", options_.postgres.schema},
                     "SELECT (SELECT count(*) FROM contacts) + (SELECT count(*) FROM organizations)"
                     " + (SELECT count(*) FROM activities) + (SELECT count(*) FROM events)"
                     " + (SELECT sum(last_id) FROM log_heads)");
  EXPECT_EQ(stored[0].Int64(0), 0);
}

TEST_F(BadInputTest, TheTableBeginsWithGoodInput) {
  Replica replica(options_);
  replica.WaitUntilReady();
  v1::IngestResult result;

  EXPECT_EQ(Ingest(replica, GoodContact(), &result), absl::OkStatus());
  EXPECT_EQ(Ingest(replica, GoodOrganization(), &result), absl::OkStatus());
  EXPECT_EQ(Ingest(replica, GoodActivity(), &result), absl::OkStatus());
}

TEST_F(BadInputTest, ABatchThatIsMalformedAsAWholeFailsAsAWhole) {
  Replica replica(options_);
  replica.WaitUntilReady();
  v1::BatchIngestRequest empty, too_long;
  for (int i = 0; i < 1001; ++i) *too_long.add_items()->mutable_organization() = GoodOrganization();

  for (const v1::BatchIngestRequest& request : {empty, too_long}) {
    v1::BatchIngestResponse response;
    const absl::Status status = Ingest(replica, request, &response);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(BadFields(rpc::ToProto(status)), testing::ElementsAre("items"));
  }
  EXPECT_EQ(HeadOf(replica, "communities/1").position(), 0);
}

}  // namespace
}  // namespace crier::ingest
