// EntityService over real gRPC.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/ingest/server_test_fixture.h"

namespace crier::ingest {
namespace {

using entity::v1::Contact;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using Stub = v1::EntityService::Stub;

class EntityServiceTest : public ServerTest {
 protected:
  EntityServiceTest() { replica_.WaitUntilReady(); }

  // A contact for each name, `anna` with anna@example.com; ids are 1, 2, … in their order.
  void AddContacts(const std::vector<std::string>& names) {
    v1::BatchIngestRequest batch;
    for (const std::string& name : names) {
      v1::UpsertContactRequest& request = *batch.add_items()->mutable_contact();
      request.set_parent("communities/1");
      request.mutable_contact()->set_full_name(name);
      request.mutable_contact()->set_primary_email(absl::StrCat(name, "@example.com"));
      request.add_sightings()->set_source("Test");
    }
    v1::BatchIngestResponse response;
    ASSERT_EQ(Ingest(replica_, batch, &response), absl::OkStatus());
  }

  template <typename Method, typename Request, typename Response>
  absl::Status Ask(Method method, const Request& request, Response* response) {
    return Call(*replica_.entities, method, request, response);
  }

  static v1::ListContactsRequest ListRequest(const std::string& filter = "",
                                             const std::string& order_by = "") {
    v1::ListContactsRequest request;
    request.set_parent("communities/1");
    request.set_filter(filter);
    request.set_order_by(order_by);
    return request;
  }

  static std::vector<std::string> NamesIn(
      const google::protobuf::RepeatedPtrField<Contact>& contacts) {
    std::vector<std::string> names;
    for (const Contact& contact : contacts) names.push_back(contact.full_name());
    return names;
  }

  // All frames of a stream; how it ended.
  template <typename Request, typename Response>
  absl::Status ReadStream(std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(
                              grpc::ClientContext*, const Request&),
                          const Request& request, std::vector<Response>* frames) {
    grpc::ClientContext context;
    const auto reader = ((*replica_.entities).*method)(&context, request);
    Response frame;
    while (reader->Read(&frame)) frames->push_back(frame);
    return rpc::FromGrpc(reader->Finish());
  }

  Replica replica_{options_};
};

TEST_F(EntityServiceTest, GetsWhatWasStored) {
  AddContacts({"anna"});
  v1::GetContactRequest request;
  Contact contact;

  request.set_name("communities/1/contacts/1");
  ASSERT_EQ(Ask(&Stub::GetContact, request, &contact), absl::OkStatus());
  EXPECT_EQ(contact.full_name(), "anna");
  EXPECT_EQ(contact.name(), request.name());

  request.set_name("communities/1/contacts/2");
  EXPECT_EQ(ErrorReason(Ask(&Stub::GetContact, request, &contact)), "CONTACT_NOT_FOUND");
  request.set_name("communities/2/contacts/1");
  EXPECT_EQ(ErrorReason(Ask(&Stub::GetContact, request, &contact)), "CONTACT_NOT_FOUND");
  request.set_name("communities/1/organizations/1");
  EXPECT_EQ(Ask(&Stub::GetContact, request, &contact).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EntityServiceTest, ListsPageByPage) {
  AddContacts({"anna", "bert", "cleo", "dora", "emil"});
  v1::ListContactsRequest request = ListRequest("NOT full_name = DORA", "full_name desc");
  request.set_page_size(2);
  std::vector<std::string> names;
  do {
    v1::ListContactsResponse page;
    ASSERT_EQ(Ask(&Stub::ListContacts, request, &page), absl::OkStatus());
    for (const std::string& name : NamesIn(page.contacts())) names.push_back(name);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());

  EXPECT_THAT(names, ElementsAre("emil", "cleo", "bert", "anna"));
}

TEST_F(EntityServiceTest, APageTokenBelongsToItsListing) {
  AddContacts({"anna", "bert", "cleo"});
  v1::ListContactsRequest request = ListRequest("full_name:*", "full_name");
  request.set_page_size(1);
  v1::ListContactsResponse page;
  ASSERT_EQ(Ask(&Stub::ListContacts, request, &page), absl::OkStatus());
  request.set_page_token(page.next_page_token());
  const auto refused = [this, &page](const v1::ListContactsRequest& changed) {
    return ErrorReason(Ask(&Stub::ListContacts, changed, &page)) == "INVALID_FIELD";
  };

  v1::ListContactsRequest changed = request;
  changed.set_filter("title:*");
  EXPECT_TRUE(refused(changed));
  changed = request;
  changed.set_order_by("full_name desc");
  EXPECT_TRUE(refused(changed));
  changed = request;
  changed.set_parent("communities/2");
  EXPECT_TRUE(refused(changed));
  changed = request;
  changed.set_page_size(2);
  EXPECT_FALSE(refused(changed));
  EXPECT_THAT(NamesIn(page.contacts()), ElementsAre("bert", "cleo"));
}

TEST_F(EntityServiceTest, RefusesWhatCannotBeUnderstood) {
  v1::ListContactsResponse page;
  v1::CountResponse count;
  EXPECT_THAT(std::string(Ask(&Stub::ListContacts, ListRequest("ful_name = x"), &page).message()),
              HasSubstr("did you mean `full_name`?"));
  EXPECT_THAT(std::string(Ask(&Stub::ListContacts, ListRequest("", "tags"), &page).message()),
              HasSubstr("order_by"));
  v1::ListContactsRequest negative = ListRequest();
  negative.set_page_size(-1);
  EXPECT_THAT(std::string(Ask(&Stub::ListContacts, negative, &page).message()),
              HasSubstr("page_size"));
  EXPECT_THAT(
      std::string(Ask(&Stub::ListContacts, ListRequest(std::string(17'000, 'a')), &page).message()),
      HasSubstr("16 KiB"));
  v1::CountContactsRequest no_parent;
  EXPECT_THAT(std::string(Ask(&Stub::CountContacts, no_parent, &count).message()),
              HasSubstr("parent"));
  v1::CountContactsRequest bad_time;
  bad_time.set_parent("communities/1");
  bad_time.mutable_evaluate_time()->set_nanos(-1);
  EXPECT_THAT(std::string(Ask(&Stub::CountContacts, bad_time, &count).message()),
              HasSubstr("evaluate_time"));
  v1::StreamContactsRequest stream;
  std::vector<v1::StreamContactsResponse> frames;
  stream.set_parent("communities/1");
  stream.set_after_contact("communities/2/contacts/1");
  EXPECT_THAT(std::string(ReadStream(&Stub::StreamContacts, stream, &frames).message()),
              HasSubstr("after_contact"));
  stream.clear_after_contact();
  stream.set_filter("(");
  EXPECT_THAT(std::string(ReadStream(&Stub::StreamContacts, stream, &frames).message()),
              HasSubstr("byte"));
}

TEST_F(EntityServiceTest, Counts) {
  AddContacts({"anna", "bert", "cleo"});
  v1::CountContactsRequest request;
  request.set_parent("communities/1");
  v1::CountResponse count;

  ASSERT_EQ(Ask(&Stub::CountContacts, request, &count), absl::OkStatus());
  EXPECT_EQ(count.count(), 3);
  request.set_filter("last_seen_time >= \"now\"");
  ASSERT_EQ(Ask(&Stub::CountContacts, request, &count), absl::OkStatus());
  EXPECT_EQ(count.count(), 0);
  request.mutable_evaluate_time()->set_seconds(1000);
  ASSERT_EQ(Ask(&Stub::CountContacts, request, &count), absl::OkStatus());
  EXPECT_EQ(count.count(), 3);
}

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

TEST_F(EntityServiceTest, ALateRepeatDoesNotBringADeletedContactBack) {
  v1::UpsertContactRequest upsert = ContactRequest("a@example.com");
  upsert.set_request_id("sign-up of a@example.com");
  v1::IngestResult result;
  ASSERT_EQ(Ingest(replica_, upsert, &result), absl::OkStatus());
  v1::DeleteContactRequest request;
  request.set_name(result.name());
  google::protobuf::Empty empty;
  ASSERT_EQ(Ask(&Stub::DeleteContact, request, &empty), absl::OkStatus());

  ASSERT_EQ(Ingest(replica_, upsert, &result), absl::OkStatus());
  EXPECT_EQ(result.name(), request.name());
  v1::CountContactsRequest count;
  count.set_parent("communities/1");
  v1::CountResponse counted;
  ASSERT_EQ(Ask(&Stub::CountContacts, count, &counted), absl::OkStatus());
  EXPECT_EQ(counted.count(), 0);
  upsert.clear_request_id();
  ASSERT_EQ(Ingest(replica_, upsert, &result), absl::OkStatus());
  EXPECT_EQ(result.outcome(), v1::IngestResult::CREATED) << "a record that comes later";
}

TEST_F(EntityServiceTest, MoreThanAMessageHoldsIsNotGotAtOnce) {
  v1::BatchGetContactsRequest request;
  request.set_parent("communities/1");
  for (int i = 0; i < 64; ++i) {
    v1::UpsertContactRequest large = ContactRequest(absl::StrCat(i, "@example.com"));
    for (int k = 0; k < 61; ++k) {
      (*large.mutable_contact()->mutable_custom_fields())[absl::StrCat(k)] = std::string(4096, 'x');
    }
    v1::IngestResult result;
    ASSERT_EQ(Ingest(replica_, large, &result), absl::OkStatus());
    request.add_names(result.name());
  }
  v1::BatchGetContactsResponse response;

  EXPECT_THAT(BadFields(rpc::ToProto(Ask(&Stub::BatchGetContacts, request, &response))),
              ElementsAre("names"));
  request.mutable_names()->RemoveLast();
  request.mutable_names()->RemoveLast();
  EXPECT_EQ(Ask(&Stub::BatchGetContacts, request, &response), absl::OkStatus());
  EXPECT_EQ(response.contacts_size(), 62);
}

TEST_F(EntityServiceTest, ContactsAreMergedByHand) {
  for (const char* email : {"a@example.com", "b@example.com", "c@example.com"}) {
    v1::IngestResult result;
    ASSERT_EQ(Ingest(replica_, ContactRequest(email), &result), absl::OkStatus());
  }
  v1::MergeContactsRequest request;
  request.set_name("communities/1/contacts/3");
  request.add_duplicates("communities/1/contacts/2");
  entity::v1::Contact winner;
  const auto merge = [&] {
    return Call(*replica_.entities, &v1::EntityService::Stub::MergeContacts, request, &winner);
  };
  ASSERT_EQ(merge(), absl::OkStatus());
  EXPECT_EQ(winner.name(), "communities/1/contacts/2") << "the oldest";
  EXPECT_THAT(winner.all_emails(), ElementsAre("b@example.com", "c@example.com"));
  ASSERT_EQ(merge(), absl::OkStatus()) << "they are one already";
  EXPECT_EQ(winner.name(), "communities/1/contacts/2");

  request.add_duplicates("communities/1/contacts/9");
  const absl::Status not_found = merge();
  EXPECT_EQ(ErrorReason(not_found), "CONTACT_NOT_FOUND");
  EXPECT_EQ(not_found.message(), "there is no contact communities/1/contacts/9");
  request.set_duplicates(1, "communities/2/contacts/1");
  EXPECT_THAT(BadFields(rpc::ToProto(merge())), ElementsAre("duplicates[1]"));
  request.clear_duplicates();
  EXPECT_THAT(BadFields(rpc::ToProto(merge())), ElementsAre("duplicates"));
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

TEST_F(EntityServiceTest, DeletesAContactAndTellsTheLog) {
  AddContacts({"anna", "bert"});
  v1::DeleteContactRequest request;
  google::protobuf::Empty empty;
  request.set_name("communities/1/contacts/1");

  ASSERT_EQ(Ask(&Stub::DeleteContact, request, &empty), absl::OkStatus());

  Stream stream(replica_, HeadOf(replica_, "communities/1").log_partition(), 0);
  const std::vector<entity::v1::Event> events = stream.Next();
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_EQ(events[0].kind(), entity::v1::Event::KIND_UNSPECIFIED);
  EXPECT_FALSE(events[0].has_contact());
  EXPECT_TRUE(events[1].has_contact());
  EXPECT_EQ(events[2].deleted_contact(), request.name());
  EXPECT_EQ(ErrorReason(Ask(&Stub::DeleteContact, request, &empty)), "CONTACT_NOT_FOUND");
}

TEST_F(EntityServiceTest, DeletesACommunity) {
  AddContacts({"anna", "bert"});
  v1::DeleteCommunityRequest request;
  request.set_name("communities/1");
  v1::CommunityDeletion deletion;
  ASSERT_EQ(Ask(&Stub::DeleteCommunity, request, &deletion), absl::OkStatus());
  EXPECT_EQ(deletion.name(), "communities/1/deletion");

  // The events of the log tell when it is done.
  Stream stream(replica_, HeadOf(replica_, "communities/1").log_partition(), 2);
  const std::vector<entity::v1::Event> events = stream.Next();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].kind(), entity::v1::Event::COMMUNITY_DELETED);
  v1::GetCommunityDeletionRequest get;
  get.set_name("communities/1/deletion");
  ASSERT_EQ(Ask(&Stub::GetCommunityDeletion, get, &deletion), absl::OkStatus());
  EXPECT_EQ(deletion.state(), v1::CommunityDeletion::DONE);
  v1::ListContactsResponse page;
  ASSERT_EQ(Ask(&Stub::ListContacts, ListRequest(), &page), absl::OkStatus());
  EXPECT_THAT(page.contacts(), SizeIs(0));

  get.set_name("communities/2/deletion");
  EXPECT_EQ(ErrorReason(Ask(&Stub::GetCommunityDeletion, get, &deletion)),
            "COMMUNITY_DELETION_NOT_FOUND");
}

class LabelsTest : public EntityServiceTest {
 protected:
  // Contacts of community 1 name four segments and four tags, one of them twice; one of community 2
  // names another.
  void AddLabels() {
    v1::BatchIngestRequest batch;
    for (const char* name : {"Champions", "at risk", "Beta", "CHAMPIONS", "beta testers"}) {
      AddLabelled("communities/1", name, batch);
    }
    AddLabelled("communities/2", "elsewhere", batch);
    v1::BatchIngestResponse response;
    ASSERT_EQ(Ingest(replica_, batch, &response), absl::OkStatus());
  }

  static void AddLabelled(const std::string& community, const std::string& name,
                          v1::BatchIngestRequest& batch) {
    v1::UpsertContactRequest& request = *batch.add_items()->mutable_contact();
    request.set_parent(community);
    request.mutable_contact()->set_primary_email(absl::StrCat(batch.items_size(), "@example.com"));
    request.mutable_contact()->add_segments()->set_name(name);
    request.mutable_contact()->add_tags()->set_name(name);
    request.add_sightings()->set_source("Test");
  }

  template <typename Request>
  static Request Listing(const std::string& filter, const std::string& order_by,
                         int page_size = 0) {
    Request request;
    request.set_parent("communities/1");
    request.set_filter(filter);
    request.set_order_by(order_by);
    request.set_page_size(page_size);
    return request;
  }

  template <typename Labels>
  static std::vector<std::string> Shown(const Labels& labels) {
    std::vector<std::string> shown;
    for (const auto& label : labels) shown.push_back(absl::StrCat(label.id(), " ", label.name()));
    return shown;
  }

  std::vector<std::string> Segments(const std::string& filter, const std::string& order_by = "") {
    v1::ListSegmentsResponse response;
    EXPECT_EQ(
        Ask(&Stub::ListSegments, Listing<v1::ListSegmentsRequest>(filter, order_by), &response),
        absl::OkStatus());
    return Shown(response.segments());
  }

  std::vector<std::string> Tags(const std::string& filter, const std::string& order_by = "") {
    v1::ListTagsResponse response;
    EXPECT_EQ(Ask(&Stub::ListTags, Listing<v1::ListTagsRequest>(filter, order_by), &response),
              absl::OkStatus());
    return Shown(response.tags());
  }
};

TEST_F(LabelsTest, AreListedInTheSpellingThatCameFirst) {
  AddLabels();
  EXPECT_THAT(Segments(""), ElementsAre("1 Champions", "2 at risk", "3 Beta", "4 beta testers"));
  EXPECT_THAT(Tags(""), ElementsAre("1 Champions", "2 at risk", "3 Beta", "4 beta testers"));
}

TEST_F(LabelsTest, AreFilteredAndOrdered) {
  AddLabels();
  EXPECT_THAT(Segments("name = \"beta*\"", "id desc"), ElementsAre("4 beta testers", "3 Beta"));
  EXPECT_THAT(Tags("id > 1 AND NOT name = \"beta\"", "id desc"),
              ElementsAre("4 beta testers", "2 at risk"));
  EXPECT_THAT(Segments("name = nothing"), ElementsAre());
}

TEST_F(LabelsTest, AreListedPageByPage) {
  AddLabels();
  auto segments = Listing<v1::ListSegmentsRequest>("", "", 3);
  auto tags = Listing<v1::ListTagsRequest>("", "name", 3);
  v1::ListSegmentsResponse segments_page;
  v1::ListTagsResponse tags_page;
  ASSERT_EQ(Ask(&Stub::ListSegments, segments, &segments_page), absl::OkStatus());
  ASSERT_EQ(Ask(&Stub::ListTags, tags, &tags_page), absl::OkStatus());
  EXPECT_THAT(segments_page.segments(), SizeIs(3));
  EXPECT_THAT(tags_page.tags(), SizeIs(3));

  segments.set_page_token(segments_page.next_page_token());
  tags.set_page_token(tags_page.next_page_token());
  v1::ListSegmentsResponse segments_rest;
  v1::ListTagsResponse tags_rest;
  ASSERT_EQ(Ask(&Stub::ListSegments, segments, &segments_rest), absl::OkStatus());
  ASSERT_EQ(Ask(&Stub::ListTags, tags, &tags_rest), absl::OkStatus());

  EXPECT_THAT(Shown(segments_rest.segments()), ElementsAre("4 beta testers"));
  EXPECT_THAT(tags_rest.tags(), SizeIs(1));
  EXPECT_EQ(segments_rest.next_page_token(), "");
  EXPECT_EQ(tags_rest.next_page_token(), "");
}

TEST_F(LabelsTest, AreCountedAndFoundByName) {
  AddLabels();
  v1::CountSegmentsRequest count_segments;
  count_segments.set_parent("communities/1");
  count_segments.set_filter("name = \"*a*\"");
  v1::CountTagsRequest count_tags;
  count_tags.set_parent("communities/2");
  v1::CountResponse count;
  ASSERT_EQ(Ask(&Stub::CountSegments, count_segments, &count), absl::OkStatus());
  EXPECT_EQ(count.count(), 4);
  ASSERT_EQ(Ask(&Stub::CountTags, count_tags, &count), absl::OkStatus());
  EXPECT_EQ(count.count(), 1);

  v1::GetSegmentRequest get_segment;
  get_segment.set_name("communities/1/segments/2");
  entity::v1::Segment segment;
  ASSERT_EQ(Ask(&Stub::GetSegment, get_segment, &segment), absl::OkStatus());
  EXPECT_EQ(segment.name(), "at risk");
  v1::GetTagRequest get_tag;
  get_tag.set_name("communities/1/tags/9");
  entity::v1::Tag tag;
  EXPECT_EQ(Ask(&Stub::GetTag, get_tag, &tag).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace crier::ingest
