// EntityService over real gRPC.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/ingest/entity_service_fixture.h"

namespace crier::ingest {
namespace {

using entity::v1::Contact;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

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
      HasSubstr("filter must have at most 16384 bytes"));
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
  EXPECT_EQ(not_found.message(), "communities/1/contacts/9 does not exist");
  request.set_duplicates(1, "communities/2/contacts/1");
  EXPECT_THAT(BadFields(rpc::ToProto(merge())), ElementsAre("duplicates[1]"));
  request.clear_duplicates();
  EXPECT_THAT(BadFields(rpc::ToProto(merge())), ElementsAre("duplicates"));
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

TEST_F(EntityServiceTest, ADeletionSaysForWhichReadersItWaits) {
  v1::RegisterReaderRequest reader;
  reader.set_name("readers/export");
  v1::LogReader registered;
  ASSERT_EQ(Call(*replica_.events, &v1::EventService::Stub::RegisterReader, reader, &registered),
            absl::OkStatus());
  v1::DeleteCommunityRequest request;
  request.set_name("communities/1");
  v1::CommunityDeletion deletion;
  ASSERT_EQ(Ask(&Stub::DeleteCommunity, request, &deletion), absl::OkStatus());

  v1::GetCommunityDeletionRequest get;
  get.set_name("communities/1/deletion");
  while (deletion.waiting_readers().empty()) {
    ASSERT_EQ(Ask(&Stub::GetCommunityDeletion, get, &deletion), absl::OkStatus());
  }

  EXPECT_EQ(deletion.state(), v1::CommunityDeletion::RUNNING);
  EXPECT_THAT(deletion.waiting_readers(), ElementsAre("readers/export"));
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
  do {
    ASSERT_EQ(Ask(&Stub::GetCommunityDeletion, get, &deletion), absl::OkStatus());
  } while (deletion.state() != v1::CommunityDeletion::DONE);
  v1::ListContactsResponse page;
  ASSERT_EQ(Ask(&Stub::ListContacts, ListRequest(), &page), absl::OkStatus());
  EXPECT_THAT(page.contacts(), SizeIs(0));

  get.set_name("communities/2/deletion");
  EXPECT_EQ(ErrorReason(Ask(&Stub::GetCommunityDeletion, get, &deletion)),
            "COMMUNITY_DELETION_NOT_FOUND");
}

}  // namespace
}  // namespace crier::ingest
