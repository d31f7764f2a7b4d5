#include "services/ingest/domain/reconcile.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/time.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/memory_entity_store.h"
#include "services/ingest/domain/test_records.h"

namespace crier::ingest {
namespace {

using entity::v1::Contact;
using entity::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

// Reconciles against a store in memory, batch after batch.
class ReconcileTest : public testing::Test {
 protected:
  // One batch; `outcome name` of each record, or its error.
  std::vector<std::string> Ingest(const std::vector<Record>& records, absl::Time now = kNow) {
    const auto changes =
        store_.Transact(LookupOf(records), absl::InfiniteFuture(),
                        [&](Known known) { return Reconcile(records, std::move(known), now); });
    EXPECT_TRUE(changes.ok());
    std::vector<std::string> outcomes;
    for (const auto& result : changes->results) outcomes.push_back(Describe(result));
    return outcomes;
  }

  static std::string Describe(const absl::StatusOr<Ingested>& result) {
    if (!result.ok()) return ErrorReason(result.status());
    static const char* const kNames[] = {"CREATED", "UPDATED", "UNCHANGED"};
    return absl::StrCat(kNames[static_cast<int>(result->outcome)], " ", result->name);
  }

  std::vector<std::string> EventKinds() const {
    std::vector<std::string> kinds;
    for (const Event& event : store_.events) kinds.push_back(Event::Kind_Name(event.kind()));
    return kinds;
  }

  const Contact& ContactById(int64_t community, int64_t id) {
    return *store_.known.contacts.at({community, id});
  }

  MemoryEntityStore store_;
};

TEST_F(ReconcileTest, EventsCarryTheTraceOfTheirRecord) {
  Record first = ContactOf(1, ContactWith({"a@example.com"}));
  first.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const Record second = ContactOf(1, ContactWith({"b@example.com"}));

  Ingest({first, second});

  ASSERT_THAT(store_.events, SizeIs(2));
  EXPECT_EQ(store_.events[0].traceparent(), first.traceparent);
  EXPECT_EQ(store_.events[1].traceparent(), "");
}

TEST_F(ReconcileTest, CreatesUpdatesAndRecognisesAContact) {
  Contact contact = ContactWith({"marion@example.com"});
  EXPECT_THAT(Ingest({ContactOf(1, contact)}), ElementsAre("CREATED communities/1/contacts/1"));
  EXPECT_THAT(Ingest({ContactOf(1, contact)}), ElementsAre("UNCHANGED communities/1/contacts/1"));
  contact.set_title("Writer");
  EXPECT_THAT(Ingest({ContactOf(1, contact)}, kNow + absl::Seconds(5)),
              ElementsAre("UPDATED communities/1/contacts/1"));

  EXPECT_THAT(EventKinds(), ElementsAre("CONTACT_FOUND", "CONTACT_UPDATED"));
  const Contact& stored = ContactById(1, 1);
  EXPECT_EQ(stored.name(), "communities/1/contacts/1");
  EXPECT_EQ(api::FromProto(stored.create_time()), kNow);
  EXPECT_EQ(api::FromProto(stored.update_time()), kNow + absl::Seconds(5));
  EXPECT_EQ(stored.first_seen_signal(), "Test");
  EXPECT_EQ(store_.events[0].contact().title(), "");
  EXPECT_EQ(store_.events[1].contact().title(), "Writer");
}

TEST_F(ReconcileTest, LaterRecordsOfABatchSeeEarlierOnes) {
  Contact titled = ContactWith({"MARION@example.com", "ms@example.com"});
  titled.set_title("Writer");

  EXPECT_THAT(
      Ingest({ContactOf(1, ContactWith({"marion@example.com"})), ContactOf(1, titled),
              ContactOf(1, titled), ContactOf(1, ContactWith({"ms@example.com"})),
              ContactOf(2, ContactWith({"marion@example.com"}))}),
      ElementsAre("CREATED communities/1/contacts/1", "UPDATED communities/1/contacts/1",
                  "UNCHANGED communities/1/contacts/1", "UNCHANGED communities/1/contacts/1",
                  "CREATED communities/2/contacts/1"));
}

TEST_F(ReconcileTest, FindsAContactByEveryKindOfIdentity) {
  Contact all = ContactWith({"marion@example.com"});
  all.mutable_linked_in()->set_handle("msanford");
  all.mutable_twitter()->set_handle("@m_sanford");
  all.mutable_github()->set_handle("msanford");
  all.mutable_discord()->set_handle("msanford#1");
  all.mutable_youtube()->set_handle("msanford");
  all.add_external_ids()->set_source("CRM");
  all.mutable_external_ids(0)->set_id("42");
  Ingest({ContactOf(1, all)});

  std::vector<Contact> probes(6);
  probes[0].mutable_linked_in()->set_handle("https://linkedin.com/in/MSanford");
  probes[1].mutable_twitter()->set_handle("https://x.com/M_Sanford");
  probes[2].mutable_github()->set_handle("@msanford");
  probes[3].mutable_discord()->set_handle("MSANFORD#1");
  probes[4].mutable_youtube()->set_handle("https://youtube.com/@msanford");
  *probes[5].add_external_ids() = all.external_ids(0);
  for (const Contact& probe : probes) {
    EXPECT_THAT(Ingest({ContactOf(1, probe)}), ElementsAre("UNCHANGED communities/1/contacts/1"))
        << probe.DebugString();
  }
}

TEST_F(ReconcileTest, AHandleOfAnotherNetworkIsAnotherIdentity) {
  Contact twitter, github;
  twitter.mutable_twitter()->set_handle("msanford");
  github.mutable_github()->set_handle("msanford");

  EXPECT_THAT(Ingest({ContactOf(1, twitter), ContactOf(1, github)}),
              ElementsAre("CREATED communities/1/contacts/1", "CREATED communities/1/contacts/2"));
}

TEST_F(ReconcileTest, MergesTwoIntoTheOlder) {
  Contact first = ContactWith({"a@example.com"});
  first.set_full_name("Older");
  Contact second = ContactWith({"b@example.com"});
  second.set_full_name("Younger");
  second.mutable_github()->set_handle("younger");
  Ingest({ContactOf(1, first, {Seen("X", 50)}), ContactOf(1, second, {Seen("Y", 40)})});

  EXPECT_THAT(
      Ingest({ContactOf(1, ContactWith({"b@example.com", "a@example.com"}), {Seen("Z", 45)})}),
      ElementsAre("UPDATED communities/1/contacts/1"));

  EXPECT_THAT(EventKinds(), ElementsAre("CONTACT_FOUND", "CONTACT_FOUND", "CONTACT_MERGED"));
  EXPECT_THAT(store_.events.back().merged_contacts(), ElementsAre("communities/1/contacts/2"));
  EXPECT_THAT(store_.known.redirects, ElementsAre(Pair(ContactKey{1, 2}, 1)));
  const Contact& merged = ContactById(1, 1);
  EXPECT_EQ(merged.full_name(), "Older");
  EXPECT_THAT(merged.all_emails(), ElementsAre("a@example.com", "b@example.com"));
  EXPECT_EQ(merged.first_seen_signal(), "Y");
  EXPECT_EQ(merged.last_seen_source(), "X");
  // What led to the younger one leads to the older one.
  Contact probe;
  probe.mutable_github()->set_handle("younger");
  EXPECT_THAT(Ingest({ContactOf(1, probe, {Seen("Z", 45)})}),
              ElementsAre("UNCHANGED communities/1/contacts/1"));
}

TEST_F(ReconcileTest, MergesThreeAtOnceAndInOneBatch) {
  const auto apart = [](int64_t community) -> std::vector<Record> {
    return {ContactOf(community, ContactWith({"a@example.com"})),
            ContactOf(community, ContactWith({"b@example.com"})),
            ContactOf(community, ContactWith({"c@example.com"}))};
  };
  Ingest(apart(1));
  EXPECT_THAT(
      Ingest({ContactOf(1, ContactWith({"c@example.com", "a@example.com", "b@example.com"}))}),
      ElementsAre("UPDATED communities/1/contacts/1"));
  EXPECT_THAT(store_.known.redirects,
              ElementsAre(Pair(ContactKey{1, 2}, 1), Pair(ContactKey{1, 3}, 1)));
  EXPECT_THAT(store_.known.contacts, SizeIs(1));

  // The same with chains, where nothing but the batch itself knows of the losers.
  std::vector<Record> chained = apart(2);
  chained.push_back(ContactOf(2, ContactWith({"c@example.com", "b@example.com"})));  // 3 → 2
  chained.push_back(ContactOf(2, ContactWith({"b@example.com", "a@example.com"})));  // 2 → 1
  chained.push_back(ContactOf(2, ContactWith({"c@example.com"})));
  EXPECT_EQ(Ingest(chained).back(), "UNCHANGED communities/2/contacts/1");
  EXPECT_EQ(store_.known.redirects.at({2, 3}), 1);
  EXPECT_EQ(store_.known.redirects.at({2, 2}), 1);
  EXPECT_THAT(ContactById(2, 1).all_emails(),
              UnorderedElementsAre("a@example.com", "b@example.com", "c@example.com"));
}

// However records of the same people are ordered and cut into batches, the same people come out.
TEST_F(ReconcileTest, TheOrderOfArrivalDoesNotDecideWhoIsWho) {
  const int seed = testing::UnitTest::GetInstance()->random_seed();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  const auto people = [](MemoryEntityStore& store) {
    std::multiset<std::string> all;
    for (const auto& [key, contact] : store.known.contacts) {
      std::set<std::string> emails(contact->all_emails().begin(), contact->all_emails().end());
      all.insert(absl::StrCat(absl::StrJoin(emails, ","), " ", contact->first_seen_signal(), " ",
                              contact->first_seen_time().seconds(), " ",
                              contact->last_seen_source(), " ",
                              contact->last_seen_time().seconds()));
    }
    return all;
  };
  for (int round = 0; round < 100; ++round) {
    std::vector<Record> records;
    for (int i = 0; i < 12; ++i) {
      std::vector<std::string> emails;
      for (int j = 0; j < 1 + static_cast<int>(random() % 2); ++j) {
        emails.push_back(absl::StrCat(random() % 12, "@example.com"));
      }
      records.push_back(
          ContactOf(1, ContactWith(emails), {Seen(absl::StrCat("S", random() % 3), random() % 5)}));
    }
    std::multiset<std::string> expected;
    for (int order = 0; order < 3; ++order) {
      store_ = MemoryEntityStore();
      for (size_t begin = 0; begin < records.size();) {
        const size_t size = std::min<size_t>(1 + random() % 12, records.size() - begin);
        Ingest({records.begin() + begin, records.begin() + begin + size});
        begin += size;
      }
      if (order == 0) expected = people(store_);
      ASSERT_EQ(people(store_), expected);
      std::shuffle(records.begin(), records.end(), random);
    }
  }
}

TEST_F(ReconcileTest, CreatesAndUpdatesAnOrganizationByDomain) {
  EXPECT_THAT(
      Ingest({OrganizationOf(1, "Acme.com", "Acme"), OrganizationOf(1, "acme.com", ""),
              OrganizationOf(1, "acme.com", "Acme Inc"), OrganizationOf(1, "other.com", "Other")}),
      ElementsAre(
          "CREATED communities/1/organizations/1", "UNCHANGED communities/1/organizations/1",
          "UPDATED communities/1/organizations/1", "CREATED communities/1/organizations/2"));
  EXPECT_THAT(EventKinds(),
              ElementsAre("ORGANIZATION_FOUND", "ORGANIZATION_UPDATED", "ORGANIZATION_FOUND"));
  EXPECT_EQ(store_.events[1].organization().display_name(), "Acme Inc");
  EXPECT_EQ(store_.events[1].organization().name(), "communities/1/organizations/1");
}

TEST_F(ReconcileTest, AnActivityBringsItsContact) {
  Contact known = ContactWith({"marion@example.com"});
  known.set_title("Writer");
  Ingest({ContactOf(1, known, {Seen("YouTube", 900)})});

  EXPECT_THAT(Ingest({ActivityOf(1, "dm_1", ContactWith({"marion@example.com"}))}),
              ElementsAre("CREATED communities/1/activities/2"));

  EXPECT_THAT(EventKinds(), ElementsAre("CONTACT_FOUND", "CONTACT_UPDATED", "ACTIVITY_FOUND"));
  const Event& event = store_.events.back();
  EXPECT_EQ(event.activity().contact().title(), "Writer") << "the complete contact";
  EXPECT_EQ(event.activity().contact().last_seen_source(), "Discord");
  EXPECT_EQ(event.activity().contact().first_seen_signal(), "YouTube");
  EXPECT_FALSE(store_.known.activities.begin()->second.activity.has_contact());
}

TEST_F(ReconcileTest, AnEditOfAnActivityIsNotANewOne) {
  const Contact contact = ContactWith({"marion@example.com"});
  Ingest({ActivityOf(1, "dm_1", contact)});

  EXPECT_THAT(
      Ingest({ActivityOf(1, "dm_1", contact), ActivityOf(1, "dm_1", contact, "edited"),
              ActivityOf(1, "dm_2", contact)}),
      ElementsAre("UNCHANGED communities/1/activities/2", "UPDATED communities/1/activities/2",
                  "CREATED communities/1/activities/3"));
  EXPECT_THAT(EventKinds(), ElementsAre("CONTACT_FOUND", "ACTIVITY_FOUND", "ACTIVITY_UPDATED",
                                        "CONTACT_UPDATED", "ACTIVITY_FOUND"))
      << "the contact has one more";
}

TEST_F(ReconcileTest, AMergeDoesNotChangeActivities) {
  Ingest({ContactOf(1, ContactWith({"a@example.com"})),
          ActivityOf(1, "dm_1", ContactWith({"b@example.com"}))});
  Ingest({ContactOf(1, ContactWith({"a@example.com", "b@example.com"}))});

  EXPECT_THAT(Ingest({ActivityOf(1, "dm_1", ContactWith({"b@example.com"}))}),
              ElementsAre("UNCHANGED communities/1/activities/3"));
  // Both in one: the edit of the activity is what brings the two together.
  Ingest({ContactOf(1, ContactWith({"c@example.com"}))});
  EXPECT_THAT(Ingest({ActivityOf(1, "dm_1", ContactWith({"b@example.com", "c@example.com"}))}),
              ElementsAre("UNCHANGED communities/1/activities/3"));
}

TEST_F(ReconcileTest, AnActivityOfSomebodyElseIsUpdated) {
  Ingest({ActivityOf(1, "dm_1", ContactWith({"a@example.com"}))});

  EXPECT_THAT(Ingest({ActivityOf(1, "dm_1", ContactWith({"b@example.com"}))}),
              ElementsAre("UPDATED communities/1/activities/2"));
  EXPECT_THAT(store_.events.back().activity().contact().all_emails(), ElementsAre("b@example.com"));
}

TEST_F(ReconcileTest, CountsTheActivitiesOfAContact) {
  const Contact a = ContactWith({"a@example.com"}), b = ContactWith({"b@example.com"});
  Ingest({ActivityOf(1, "dm_1", a), ActivityOf(1, "dm_2", a), ActivityOf(1, "dm_1", a, "edited"),
          ActivityOf(1, "dm_3", b)});
  EXPECT_EQ(store_.events.front().contact().activity_count(), 1) << "with the contact's own event";
  EXPECT_EQ(ContactById(1, 1).activity_count(), 2);

  Ingest({ActivityOf(1, "dm_2", b)}, kNow + absl::Seconds(9));  // which turns out to be of b
  EXPECT_EQ(ContactById(1, 1).activity_count(), 1);
  EXPECT_EQ(ContactById(1, 1).update_time().seconds(), 1700000009);
  EXPECT_EQ(ContactById(1, 4).activity_count(), 2);

  Ingest({ContactOf(1, ContactWith({"a@example.com", "b@example.com"}))});
  EXPECT_EQ(ContactById(1, 1).activity_count(), 3);
}

TEST_F(ReconcileTest, MergesByHand) {
  Ingest({ContactOf(1, ContactWith({"a@example.com"})),
          ContactOf(1, ContactWith({"b@example.com"})),
          ContactOf(1, ContactWith({"c@example.com"}))});
  const auto merge = [](std::vector<int64_t> ids) {
    return std::vector<Record>{{1, MergeRecord{std::move(ids)}}};
  };

  EXPECT_THAT(Ingest(merge({3, 2})), ElementsAre("UPDATED communities/1/contacts/2"));
  EXPECT_THAT(Ingest(merge({2, 3})), ElementsAre("UNCHANGED communities/1/contacts/2"));
  EXPECT_THAT(Ingest(merge({3, 1})), ElementsAre("UPDATED communities/1/contacts/1"));
  EXPECT_THAT(Ingest(merge({1, 4})), ElementsAre("CONTACT_NOT_FOUND"));
  EXPECT_THAT(ContactById(1, 1).all_emails(),
              UnorderedElementsAre("a@example.com", "b@example.com", "c@example.com"));
  EXPECT_THAT(store_.events.back().merged_contacts(), ElementsAre("communities/1/contacts/2"));
}

TEST_F(ReconcileTest, AContactFindsItsOrganization) {
  Contact contact = ContactWith({"a@example.com"});
  contact.mutable_organization()->set_domain("https://www.acme.co.uk/about");
  contact.mutable_organization()->set_display_name("Acme");
  Ingest({ContactOf(1, contact), ContactOf(1, contact)});
  EXPECT_THAT(EventKinds(), ElementsAre("CONTACT_FOUND", "ORGANIZATION_FOUND"));
  EXPECT_EQ(store_.events.back().organization().domain(), "acme.co.uk");

  // Another contact knows where it is, and calls it otherwise.
  contact.set_all_emails(0, "b@example.com");
  contact.mutable_organization()->set_display_name("ACME Corp");
  contact.mutable_organization()->mutable_location()->set_city("Leeds");
  Ingest({ContactOf(1, contact)});
  const auto& stored = store_.known.organizations.at({1, "acme.co.uk"}).organization;
  EXPECT_EQ(stored.display_name(), "Acme");
  EXPECT_EQ(stored.location().city(), "Leeds");
}

TEST_F(ReconcileTest, AProviderOfMailboxesIsNoOrganization) {
  Contact contact = ContactWith({"a@gmail.com"});
  contact.mutable_organization()->set_domain("gmail.com");
  Ingest({ContactOf(1, contact)});
  EXPECT_THAT(EventKinds(), ElementsAre("CONTACT_FOUND"));
  EXPECT_FALSE(ContactById(1, 1).has_organization());
}

TEST_F(ReconcileTest, LabelsGetTheirIdsByName) {
  Contact contact = ContactWith({"a@example.com"});
  contact.add_tags()->set_name(" VIP ");
  contact.add_segments()->set_name("VIP");
  Ingest({ContactOf(1, contact)});
  contact.set_all_emails(0, "b@example.com");
  contact.mutable_tags(0)->set_name("vip");
  contact.add_tags()->set_name("new");
  Ingest({ContactOf(1, contact), ContactOf(1, contact)});

  EXPECT_EQ(ContactById(1, 1).tags(0).id(), 1);
  EXPECT_EQ(ContactById(1, 1).segments(0).id(), 1) << "counted apart";
  const Contact& second = ContactById(1, 2);
  ASSERT_EQ(second.tags_size(), 2);
  EXPECT_EQ(second.tags(0).id(), 1);
  EXPECT_EQ(second.tags(0).name(), "VIP");
  EXPECT_EQ(second.tags(1).id(), 2);
  EXPECT_THAT(store_.known.labels.names, SizeIs(3));
}

TEST_F(ReconcileTest, WhatAMaskTakesAwayIdentifiesNoLonger) {
  Ingest({ContactOf(1, ContactWith({"a@example.com", "wrong@example.com"}))});
  Record correction = ContactOf(1, ContactWith({"a@example.com"}));
  std::get<ContactRecord>(correction.content).mask = {"all_emails"};

  EXPECT_THAT(Ingest({correction, ContactOf(1, ContactWith({"wrong@example.com"}))}),
              ElementsAre("UPDATED communities/1/contacts/1", "CREATED communities/1/contacts/2"));
  EXPECT_THAT(Ingest({ContactOf(1, ContactWith({"wrong@example.com"}))}),
              ElementsAre("UNCHANGED communities/1/contacts/2"));
}

TEST_F(ReconcileTest, AMaskPlaysNoPartWhenTheContactIsNew) {
  Contact contact = ContactWith({"a@example.com"});
  contact.set_title("Writer");
  Record record = ContactOf(1, contact);
  std::get<ContactRecord>(record.content).mask = {"role"};
  Ingest({record});
  EXPECT_EQ(ContactById(1, 1).title(), "Writer");
}

TEST_F(ReconcileTest, ARepeatedRequestReturnsTheFirstResult) {
  Record record = ContactOf(1, ContactWith({"a@example.com"}));
  record.request = {"r1", "content"};
  EXPECT_THAT(Ingest({record, record}),
              ElementsAre("CREATED communities/1/contacts/1", "CREATED communities/1/contacts/1"));
  Record edit = ContactOf(1, ContactWith({"a@example.com", "b@example.com"}));
  edit.request = {"r2", "other content"};
  EXPECT_THAT(Ingest({edit}), ElementsAre("UPDATED communities/1/contacts/1"));
  EXPECT_THAT(Ingest({edit, record}),
              ElementsAre("UPDATED communities/1/contacts/1", "CREATED communities/1/contacts/1"));
  EXPECT_THAT(store_.events, SizeIs(2));

  edit.request.id = "r1";
  EXPECT_THAT(Ingest({edit}), ElementsAre("INVALID_FIELD"));
  Record elsewhere = ContactOf(2, ContactWith({"a@example.com", "b@example.com"}));
  elsewhere.request = edit.request;
  EXPECT_THAT(Ingest({elsewhere}), ElementsAre("CREATED communities/2/contacts/1"));
}

TEST_F(ReconcileTest, AFailedRequestMayBeRepeatedWithSuccess) {
  Record merge{1, MergeRecord{{1, 2}}};
  merge.request = {"r1", "content"};
  Ingest({ContactOf(1, ContactWith({"a@example.com"}))});
  EXPECT_THAT(Ingest({merge}), ElementsAre("CONTACT_NOT_FOUND"));
  Ingest({ContactOf(1, ContactWith({"b@example.com"}))});
  EXPECT_THAT(Ingest({merge}), ElementsAre("UPDATED communities/1/contacts/1"));
}

// What is known of the persons in the end, whatever ids they have.
std::multiset<std::string> Persons(const Known& known) {
  std::map<int64_t, std::set<std::string>> identities;
  for (const auto& [identity, id] : known.identities) {
    identities[id].insert(absl::StrCat(identity.kind, "=", identity.value));
  }
  std::multiset<std::string> persons;
  for (const auto& [key, contact] : known.contacts) {
    std::set<std::string> facts = identities[key.id];
    for (const auto& email : contact->all_emails()) {
      facts.insert(absl::StrCat("email ", absl::AsciiStrToLower(email)));
    }
    for (const auto& tag : contact->tags()) facts.insert(absl::StrCat("tag ", tag.name()));
    for (const auto& id : contact->external_ids()) facts.insert(absl::StrCat("id ", id.id()));
    for (const auto& [name, value] : contact->custom_fields()) facts.insert("field " + name);
    persons.insert(absl::StrCat(absl::StrJoin(facts, ","), " first ",
                                contact->first_seen_time().seconds(), contact->first_seen_signal(),
                                " last ", contact->last_seen_time().seconds(),
                                contact->last_seen_source(), " did ", contact->activity_count()));
  }
  return persons;
}

// Records of few people by many names, in any order and cut into any batches, make the same people.
TEST_F(ReconcileTest, WhoIsWhoDoesNotDependOnTheOrderOfArrival) {
  std::mt19937 random(static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed()));
  SCOPED_TRACE(absl::StrCat("seed ", testing::UnitTest::GetInstance()->random_seed()));
  const auto any = [&](const char* what, unsigned count) {
    return absl::StrCat(what, random() % count);
  };
  for (int round = 0; round < 30; ++round) {
    std::vector<Record> records;
    for (int i = 0; i < 30; ++i) {
      Contact contact = ContactWith({any("e", 20) + "@x.y"});
      if (random() % 3 == 0) contact.add_all_emails(any("E", 20) + "@x.y");
      if (random() % 3 == 0) contact.mutable_github()->set_handle(any("h", 20));
      if (random() % 3 == 0) {
        contact.add_external_ids()->set_source("CRM");
        contact.mutable_external_ids(0)->set_id(any("c", 20));
      }
      if (random() % 3 == 0) contact.add_tags()->set_name(any("t", 5));
      if (random() % 3 == 0) (*contact.mutable_custom_fields())[any("f", 5)] = "v";
      const auto seen = static_cast<int64_t>(random() % 100);
      records.push_back(random() % 4 == 0 ? ActivityOf(1, absl::StrCat("dm_", i), contact)
                                          : ContactOf(1, contact, {Seen(any("source ", 4), seen)}));
    }
    std::multiset<std::string> persons;
    for (int order = 0; order < 3; ++order) {
      store_ = MemoryEntityStore();
      for (size_t begin = 0; begin < records.size();) {
        const size_t size = std::min<size_t>(1 + random() % 10, records.size() - begin);
        Ingest({records.begin() + static_cast<int64_t>(begin),
                records.begin() + static_cast<int64_t>(begin + size)});
        begin += size;
      }
      if (order == 0) persons = Persons(store_.known);
      ASSERT_EQ(Persons(store_.known), persons);
      std::shuffle(records.begin(), records.end(), random);
    }
  }
}

TEST_F(ReconcileTest, PositionsAreGaplessPerPartitionAndAcceptTimesNeverFall) {
  std::map<int32_t, int64_t> last;
  for (int i = 0; i < 20; ++i) {
    // A clock that steps back and forth.
    const absl::Time now = kNow + absl::Seconds(i % 3 == 0 ? -100 : i);
    Ingest({ContactOf(1 + i % 5, ContactWith({absl::StrCat(i, "@example.com")})),
            OrganizationOf(1 + i % 3, absl::StrCat("d", i, ".com"), "")},
           now);
  }
  std::map<int32_t, absl::Time> time;
  for (const Event& event : store_.events) {
    EXPECT_EQ(event.log_partition(), LogPartitionOf(event.community_id(), 4));
    EXPECT_EQ(event.position(), ++last[event.log_partition()]);
    const absl::Time accepted = api::FromProto(event.accept_time());
    if (time.count(event.log_partition())) EXPECT_GE(accepted, time[event.log_partition()]);
    time[event.log_partition()] = accepted;
  }
  EXPECT_THAT(store_.events, SizeIs(40));
}

TEST_F(ReconcileTest, EndsEarlyWhenTheEventsAreLarge) {
  const std::vector<Record> records = {ContactOf(1, ContactWith({"a@x.y"})),
                                       ContactOf(1, ContactWith({"b@x.y"})),
                                       ContactOf(1, ContactWith({"c@x.y"}))};

  const Changes changes = Reconcile(records, store_.known, kNow, /*max_event_bytes=*/1);

  EXPECT_THAT(changes.results, SizeIs(1));
  EXPECT_THAT(changes.events, SizeIs(1));
}

TEST_F(ReconcileTest, ASightingWithoutATimeHappensWhenItIsAccepted) {
  entity::v1::Sighting sighting;
  sighting.set_source("Test");
  Ingest({ContactOf(1, ContactWith({"a@example.com"}), {sighting})});

  EXPECT_EQ(api::FromProto(ContactById(1, 1).first_seen_time()), kNow);
}

TEST_F(ReconcileTest, ARecordThatOutgrowsALimitFailsAloneAndLeavesNoTrace) {
  const auto with_tags = [](int from, int count) {
    Contact contact = ContactWith({"a@example.com"});
    for (int i = 0; i < count; ++i) {
      auto* tag = contact.add_tags();
      tag->set_id(from + i);
      tag->set_name("tag");
    }
    return contact;
  };
  Ingest({ContactOf(1, with_tags(1, 600))});
  Contact too_much = with_tags(1001, 600);
  too_much.add_all_emails("unseen@example.com");

  EXPECT_THAT(Ingest({ContactOf(1, too_much), ActivityOf(1, "dm", too_much)}),
              ElementsAre("ENTITY_TOO_LARGE", "ENTITY_TOO_LARGE"));

  EXPECT_THAT(store_.events, SizeIs(1));
  EXPECT_THAT(store_.known.activities, IsEmpty());
  EXPECT_THAT(Ingest({ContactOf(1, ContactWith({"unseen@example.com"}))}),
              ElementsAre("CREATED communities/1/contacts/2"));
}

}  // namespace
}  // namespace crier::ingest
