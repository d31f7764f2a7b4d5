// The clients of EntityService, against a fake of it over gRPC.
#include <atomic>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/api/time.h"
#include "common/rpc/server.h"
#include "common/status/errors.h"
#include "gtest/gtest.h"
#include "services/evaluator/transport/contact_client.h"
#include "services/evaluator/transport/entity_client.h"
#include "services/evaluator/transport/fake_services.h"

namespace crier::evaluator::transport {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);

absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

std::vector<int64_t> IdsOf(const std::vector<FoundContact>& found) {
  std::vector<int64_t> ids;
  for (const FoundContact& one : found) ids.push_back(one.candidate.contact);
  return ids;
}

class EntityClientsTest : public testing::Test {
 protected:
  EntityClientsTest() {
    auto started = rpc::Server::Start({.listen_address = "127.0.0.1:0"}, {&service_});
    EXPECT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    contacts_.Connect(server_->InProcessChannel());
    entities_.Connect(server_->InProcessChannel());
  }

  // Contacts of community 1 with ids from 1 on.
  void Put(int count, absl::Time last_seen = kNow) {
    for (int64_t id = 1; id <= count; ++id) {
      entity::v1::Contact contact;
      contact.set_lead_score(static_cast<int32_t>(id));
      *contact.mutable_last_seen_time() = api::ToProto(last_seen);
      contact_source_.Put(1, id, contact);
    }
  }

  std::unique_ptr<ContactStream> Stream(const std::string& filter, int64_t after = 0) {
    return contacts_.Stream(1, filter, kNow, after, Deadline());
  }

  std::atomic<bool> away_ = false;
  const Faults faults_ = [this] { return away_ ? Fault::kBefore : Fault::kNone; };
  FakeClock clock_{kNow};
  FakeContactSource contact_source_{faults_};
  FakeEntitySource entity_source_{clock_, faults_};
  FakeEntityService service_{contact_source_, entity_source_};
  std::unique_ptr<rpc::Server> server_;
  ContactClient contacts_;
  EntityClient entities_;
};

TEST_F(EntityClientsTest, StreamsContactsPageByPageToTheEnd) {
  Put(5);
  contact_source_.Put(2, 9, {});
  contact_source_.SetPageSize(2);
  const auto stream = Stream("lead_score >= 2", /*after=*/2);

  const auto first = stream->Next();
  const auto second = stream->Next();

  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(IdsOf(*first), (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(first->front().contact.name(), "communities/1/contacts/3");
  EXPECT_EQ(first->front().contact.lead_score(), 3);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(IdsOf(*second), (std::vector<int64_t>{5}));
  EXPECT_TRUE(stream->Next()->empty());
  EXPECT_TRUE(stream->Next()->empty()) << "asked again";
}

TEST_F(EntityClientsTest, AStreamTellsWhoWasMergedIntoWhom) {
  Put(5);
  contact_source_.Merge(1, /*winner=*/2, /*loser=*/4, kNow);
  contact_source_.Merge(1, /*winner=*/2, /*loser=*/5, kNow);

  const auto page = Stream("")->Next();

  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(IdsOf(*page), (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ((*page)[1].candidate.merged, (std::vector<int64_t>{4, 5}));
  EXPECT_TRUE((*page)[0].candidate.merged.empty());
}

TEST_F(EntityClientsTest, RelativeTimesCountFromWhenTheRunBegan) {
  Put(3, kNow - absl::Hours(24 * 7));
  const std::string criteria = "last_seen_time >= \"now-7d\"";
  const absl::Time later = kNow + absl::Minutes(1);

  EXPECT_EQ(Stream(criteria)->Next()->size(), 3u);
  EXPECT_EQ(contacts_.Stream(1, criteria, later, 0, Deadline())->Next()->size(), 0u);
  EXPECT_EQ(contacts_.Count(1, criteria, kNow, Deadline()).value(), 3);
  EXPECT_EQ(contacts_.Count(1, criteria, later, Deadline()).value(), 0);
}

TEST_F(EntityClientsTest, AStreamThatBreaksSaysSoAndSoItStays) {
  Put(5);
  contact_source_.SetPageSize(2);
  const auto stream = Stream("");
  int pages = 0;
  contact_source_.SetBeforePage([&] { away_ = ++pages > 1; });

  absl::Status status = stream->Next().status();
  while (status.ok()) status = stream->Next().status();

  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  away_ = false;
  EXPECT_TRUE(absl::IsUnavailable(stream->Next().status()));
}

TEST_F(EntityClientsTest, AStreamMayBeDroppedBeforeItsEnd) {
  Put(200);
  contact_source_.SetPageSize(1);
  for (int i = 0; i < 20; ++i) {
    const auto unread = Stream("");
    const auto read = Stream("");
    EXPECT_TRUE(read->Next().ok());
  }
}

TEST_F(EntityClientsTest, CriteriaThatAreRefusedAreTheCallersToKnow) {
  EXPECT_TRUE(absl::IsInvalidArgument(Stream("lead_scor = 1")->Next().status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(contacts_.Count(1, "lead_scor = 1", kNow, Deadline()).status()));
}

TEST_F(EntityClientsTest, GetsManyContactsInPartsThatFitIntoOneAnswer) {
  Put(120);
  contact_source_.Delete(1, 7);
  std::vector<int64_t> ids(120);
  std::iota(ids.begin(), ids.end(), 1);

  const auto found = contacts_.Get(1, ids, Deadline());

  ASSERT_TRUE(found.ok()) << found.status();
  std::erase(ids, 7);
  EXPECT_EQ(IdsOf(*found), ids);
  EXPECT_TRUE(contacts_.Get(1, {}, Deadline())->empty());
}

TEST_F(EntityClientsTest, WhoseNamesLeadToOneContactComesOnceAlsoFromDifferentParts) {
  Put(120);
  contact_source_.Merge(1, /*winner=*/110, /*loser=*/3, kNow);
  std::vector<int64_t> ids(120);
  std::iota(ids.begin(), ids.end(), 1);

  const auto found = contacts_.Get(1, ids, Deadline());

  ASSERT_TRUE(found.ok()) << found.status();
  std::erase(ids, 3);
  EXPECT_EQ(IdsOf(*found), ids);
  EXPECT_EQ((*found)[108].candidate.merged, (std::vector<int64_t>{3}));
}

TEST_F(EntityClientsTest, CountsAndFindsTheEntitiesOfATemplate) {
  entity::v1::Event organization;
  organization.set_community_id(1);
  organization.set_kind(entity::v1::Event::ORGANIZATION_FOUND);
  organization.mutable_organization()->set_domain("example.com");
  entity::v1::Event activity;
  activity.set_community_id(1);
  activity.set_kind(entity::v1::Event::ACTIVITY_FOUND);
  activity.mutable_activity()->set_title("hello");
  entity::v1::Event contact;
  contact.set_community_id(1);
  contact.set_kind(entity::v1::Event::CONTACT_FOUND);
  contact.mutable_contact()->set_title("CEO");
  for (const auto& event : {organization, activity, activity, contact}) entity_source_.Add(event);
  Put(4);

  const auto count = [&](Template what, const std::string& filter) {
    return entities_.Count(what, 1, filter, kNow, Deadline()).value();
  };
  const auto find = [&](Template what, const std::string& filter) {
    return entities_.Find(what, 1, filter, /*limit=*/1, Deadline()).value();
  };
  EXPECT_EQ(count(Template::kNewOrganization, "domain = \"example.com\""), 1);
  EXPECT_EQ(count(Template::kNewActivity, ""), 2);
  EXPECT_EQ(count(Template::kNewActivity, "title = \"other\""), 0);
  EXPECT_EQ(count(Template::kNewMember, "lead_score > 1"), 3);
  const std::pair<Template, entity::v1::Event> expected[] = {
      {Template::kNewOrganization, organization},
      {Template::kNewActivity, activity},
      {Template::kNewMember, contact}};
  for (const auto& [what, event] : expected) {
    const std::vector<entity::v1::Event> found = find(what, "");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].SerializeAsString(), event.SerializeAsString());
  }
  EXPECT_TRUE(find(Template::kNewMember, "title = \"other\"").empty());
}

TEST_F(EntityClientsTest, APeerThatIsAwayIsUnavailable) {
  away_ = true;

  EXPECT_TRUE(absl::IsUnavailable(Stream("")->Next().status()));
  EXPECT_TRUE(absl::IsUnavailable(contacts_.Count(1, "", kNow, Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(contacts_.Get(1, {5}, Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(
      entities_.Count(Template::kNewActivity, 1, "", kNow, Deadline()).status()));
  EXPECT_TRUE(
      absl::IsUnavailable(entities_.Find(Template::kNewMember, 1, "", 1, Deadline()).status()));
}

TEST(UnconnectedEntityClientsTest, AreUnavailable) {
  ContactClient contacts;
  EntityClient entities;

  EXPECT_TRUE(absl::IsUnavailable(contacts.Stream(1, "", kNow, 0, Deadline())->Next().status()));
  EXPECT_TRUE(absl::IsUnavailable(contacts.Count(1, "", kNow, Deadline()).status()));
  EXPECT_TRUE(absl::IsUnavailable(contacts.Get(1, {5}, Deadline()).status()));
  EXPECT_TRUE(
      absl::IsUnavailable(entities.Count(Template::kNewMember, 1, "", kNow, Deadline()).status()));
  EXPECT_TRUE(
      absl::IsUnavailable(entities.Find(Template::kNewMember, 1, "", 1, Deadline()).status()));
}

}  // namespace
}  // namespace crier::evaluator::transport
