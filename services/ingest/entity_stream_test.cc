// The streams of EntityService over real gRPC.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/ingest/entity_service_fixture.h"

namespace crier::ingest {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST_F(EntityServiceTest, StreamsEverythingAndGoesOnAfterAContact) {
  std::vector<std::string> names;
  for (int i = 0; i < 900; ++i) names.push_back(absl::StrCat("name", i));
  AddContacts(names);
  for (int i = 900; i < 1'500; ++i) names.push_back(absl::StrCat("name", i));
  AddContacts({names.begin() + 900, names.end()});
  v1::StreamContactsRequest request;
  request.set_parent("communities/1");
  std::vector<v1::StreamContactsResponse> frames;

  ASSERT_EQ(ReadStream(&Stub::StreamContacts, request, &frames), absl::OkStatus());
  std::vector<std::string> read;
  for (const auto& frame : frames) {
    EXPECT_TRUE(frame.has_evaluate_time());
    for (const std::string& name : NamesIn(frame.contacts())) read.push_back(name);
  }
  EXPECT_EQ(read, names);
  EXPECT_THAT(frames, SizeIs(2));

  frames.clear();
  request.set_after_contact(absl::StrCat("communities/1/contacts/", 1'498));
  ASSERT_EQ(ReadStream(&Stub::StreamContacts, request, &frames), absl::OkStatus());
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_THAT(NamesIn(frames[0].contacts()), ElementsAre("name1498", "name1499"));
}

TEST_F(EntityServiceTest, AStreamTellsWhoWasMerged) {
  AddContacts({"anna", "bert"});
  v1::UpsertContactRequest both;
  both.set_parent("communities/1");
  both.mutable_contact()->add_all_emails("anna@example.com");
  both.mutable_contact()->add_all_emails("bert@example.com");
  both.add_sightings()->set_source("Test");
  v1::IngestResult result;
  ASSERT_EQ(Ingest(replica_, both, &result), absl::OkStatus());
  v1::StreamContactsRequest request;
  request.set_parent("communities/1");
  std::vector<v1::StreamContactsResponse> frames;

  ASSERT_EQ(ReadStream(&Stub::StreamContacts, request, &frames), absl::OkStatus());

  ASSERT_THAT(frames, SizeIs(1));
  ASSERT_THAT(frames[0].merged(), SizeIs(1));
  EXPECT_EQ(frames[0].merged(0).contact(), "communities/1/contacts/1");
  EXPECT_THAT(frames[0].merged(0).merged_contacts(), ElementsAre("communities/1/contacts/2"));

  v1::BatchGetContactsRequest get;
  v1::BatchGetContactsResponse got;
  get.set_parent("communities/1");
  get.add_names("communities/1/contacts/2");
  get.add_names("communities/1/contacts/1");
  get.add_names("communities/1/contacts/99");
  ASSERT_EQ(Ask(&Stub::BatchGetContacts, get, &got), absl::OkStatus());
  EXPECT_THAT(NamesIn(got.contacts()), ElementsAre("anna"));
  EXPECT_THAT(got.merged(), SizeIs(1));
}

TEST_F(EntityServiceTest, StreamsOrganizationsAfterTheOneWhereAnotherStreamBroke) {
  v1::BatchIngestRequest batch;
  for (const std::string domain : {"a.example", "b.example", "c.example"}) {
    v1::UpsertOrganizationRequest& request = *batch.add_items()->mutable_organization();
    request.set_parent("communities/1");
    request.mutable_organization()->set_domain(domain);
  }
  v1::BatchIngestResponse stored;
  ASSERT_EQ(Ingest(replica_, batch, &stored), absl::OkStatus());
  v1::StreamOrganizationsRequest request;
  request.set_parent("communities/1");
  request.set_filter("NOT domain = b.example");
  request.set_after_organization("communities/1/organizations/1");
  std::vector<v1::StreamOrganizationsResponse> frames;

  ASSERT_EQ(ReadStream(&Stub::StreamOrganizations, request, &frames), absl::OkStatus());

  ASSERT_THAT(frames, SizeIs(1));
  ASSERT_THAT(frames[0].organizations(), SizeIs(1));
  EXPECT_EQ(frames[0].organizations(0).name(), "communities/1/organizations/3");
  EXPECT_EQ(frames[0].organizations(0).domain(), "c.example");
}

TEST_F(EntityServiceTest, StreamsActivitiesWithTheirContactsAsTheyAreNow) {
  v1::BatchIngestRequest batch;
  v1::RecordActivityRequest& record = *batch.add_items()->mutable_activity();
  record.set_parent("communities/1");
  record.mutable_activity()->set_activity_type("DiscordPost");
  record.mutable_activity()->set_service_name("Discord");
  record.mutable_activity()->set_external_id("post");
  record.mutable_activity()->mutable_occur_time()->set_seconds(1'700'000'000);
  record.mutable_activity()->mutable_contact()->set_primary_email("anna@example.com");
  v1::BatchIngestResponse stored;
  ASSERT_EQ(Ingest(replica_, batch, &stored), absl::OkStatus());
  AddContacts({"anna"});
  v1::StreamActivitiesRequest request;
  request.set_parent("communities/1");
  std::vector<v1::StreamActivitiesResponse> frames;

  ASSERT_EQ(ReadStream(&Stub::StreamActivities, request, &frames), absl::OkStatus());

  ASSERT_THAT(frames, SizeIs(1));
  ASSERT_THAT(frames[0].activities(), SizeIs(1));
  EXPECT_EQ(frames[0].activities(0).external_id(), "post");
  EXPECT_EQ(frames[0].activities(0).contact().full_name(), "anna");
}

TEST_F(EntityServiceTest, AStreamEndsAtItsDeadlineAndWhenTheServerDrains) {
  std::vector<std::string> names;
  for (int i = 0; i < 5; ++i) names.push_back(absl::StrCat("name", i));
  AddContacts(names);
  v1::StreamContactsRequest request;
  request.set_parent("communities/1");

  grpc::ClientContext late;
  late.set_deadline(absl::ToChronoTime(absl::Now() - absl::Seconds(1)));
  EXPECT_EQ(replica_.entities->StreamContacts(&late, request)->Finish().error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);

  replica_.Stop();
  std::vector<v1::StreamContactsResponse> frames;
  const absl::Status ended = ReadStream(&Stub::StreamContacts, request, &frames);
  EXPECT_EQ(ErrorReason(ended), "DRAINING") << ended;
}

}  // namespace
}  // namespace crier::ingest
