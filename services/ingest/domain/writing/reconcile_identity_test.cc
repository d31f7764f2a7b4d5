// Who is who: which records are about one contact, and what becomes of two that turn out to be one.
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
#include "gmock/gmock.h"
#include "services/ingest/domain/writing/reconcile_test.h"

namespace crier::ingest {
namespace {

using entity::v1::Contact;
using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

using ReconcileIdentityTest = ReconcileTest;

TEST_F(ReconcileIdentityTest, CreatesUpdatesAndRecognisesAContact) {
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

TEST_F(ReconcileIdentityTest, LaterRecordsOfABatchSeeEarlierOnes) {
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

TEST_F(ReconcileIdentityTest, FindsAContactByEveryKindOfIdentity) {
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

TEST_F(ReconcileIdentityTest, AHandleOfAnotherNetworkIsAnotherIdentity) {
  Contact twitter, github;
  twitter.mutable_twitter()->set_handle("msanford");
  github.mutable_github()->set_handle("msanford");

  EXPECT_THAT(Ingest({ContactOf(1, twitter), ContactOf(1, github)}),
              ElementsAre("CREATED communities/1/contacts/1", "CREATED communities/1/contacts/2"));
}

TEST_F(ReconcileIdentityTest, MergesTwoIntoTheOlder) {
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

TEST_F(ReconcileIdentityTest, MergesThreeAtOnceAndInOneBatch) {
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

TEST_F(ReconcileIdentityTest, MergesByHand) {
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

TEST_F(ReconcileIdentityTest, ANameOfALoserLeadsOnWithinABatch) {
  Ingest(
      {ContactOf(1, ContactWith({"a@example.com"})), ContactOf(1, ContactWith({"b@example.com"})),
       ContactOf(1, ContactWith({"c@example.com"})), ContactOf(1, ContactWith({"d@example.com"}))});
  Ingest({{1, MergeRecord{{2, 3}}}});

  EXPECT_THAT(Ingest({{1, MergeRecord{{1, 2}}}, {1, MergeRecord{{3, 4}}}}),
              ElementsAre("UPDATED communities/1/contacts/1", "UPDATED communities/1/contacts/1"));
}

TEST_F(ReconcileIdentityTest, AMergeTouchesNoContactOfTheSameNumberElsewhere) {
  for (const int64_t community : {1, 2}) {
    Ingest({ContactOf(community, ContactWith({"a@example.com"})),
            ContactOf(community, ContactWith({"b@example.com"}))});
  }
  EXPECT_THAT(
      Ingest({{1, MergeRecord{{1, 2}}}, ContactOf(2, ContactWith({"b@example.com"}))}),
      ElementsAre("UPDATED communities/1/contacts/1", "UNCHANGED communities/2/contacts/2"));
}

Contact Githuber(const std::string& email, const std::string& handle) {
  Contact contact = ContactWith({email});
  contact.mutable_github()->set_handle(handle);
  return contact;
}

TEST_F(ReconcileIdentityTest, WhatOnlyTheStoreKnowsLeadsToTheWinner) {
  const Identity replaced{1, IdentityKind::kGithub, "former"};
  const Identity brought{1, IdentityKind::kEmail, "b@example.com"};
  Ingest({ContactOf(1, ContactWith({"a@example.com"})),
          ContactOf(1, Githuber("b@example.com", "former"))});

  const Changes changes = ChangesOf(
      {ContactOf(1, Githuber("b@example.com", "latter")),
       ContactOf(1, ContactWith({"a@example.com", "b@example.com"}))});  // who are the same

  EXPECT_THAT(changes.apart, testing::IsSupersetOf({Pair(replaced, 1), Pair(brought, 1)}));
}

TEST_F(ReconcileIdentityTest, WhatAMaskTakesAwayOfALoserIdentifiesNobody) {
  Ingest({ContactOf(1, ContactWith({"a@example.com"})),
          ContactOf(1, ContactWith({"b@example.com", "wrong@example.com"}))});
  Record correction = ContactOf(1, ContactWith({"a@example.com", "b@example.com"}));
  std::get<ContactRecord>(correction.content).mask = {"all_emails"};

  const Changes changes = ChangesOf({correction});

  const Identity wrong{1, IdentityKind::kEmail, "wrong@example.com"};
  EXPECT_THAT(changes.removed_identities, ElementsAre(wrong));
  EXPECT_EQ(changes.apart.count(wrong), 0u);
}

TEST_F(ReconcileIdentityTest, WhatAMaskTakesAwayIsNotKeptApartEither) {
  Ingest({ContactOf(1, Githuber("a@example.com", "first"))});
  Record correction = ContactOf(1, Githuber("a@example.com", "third"));
  std::get<ContactRecord>(correction.content).mask = {"github"};

  const Changes changes = ChangesOf({ContactOf(1, Githuber("a@example.com", "second")),
                                     ContactOf(1, Githuber("a@example.com", "first")), correction});

  const Identity first{1, IdentityKind::kGithub, "first"};
  EXPECT_THAT(changes.removed_identities, ElementsAre(first));
  EXPECT_EQ(changes.apart.count(first), 0u);
}

TEST_F(ReconcileIdentityTest, WhatComesGoesAndComesAgainInABatchIsWrittenOnce) {
  Ingest({ContactOf(1, ContactWith({"a@example.com"}))});
  Record correction = ContactOf(1, ContactWith({"a@example.com"}));
  std::get<ContactRecord>(correction.content).mask = {"all_emails"};

  const Changes changes = ChangesOf({ContactOf(1, ContactWith({"a@example.com", "b@example.com"})),
                                     correction, ContactOf(1, ContactWith({"b@example.com"}))});

  EXPECT_THAT(changes.identities,
              ElementsAre(Pair(Identity{1, IdentityKind::kEmail, "b@example.com"}, 2)));
}

TEST_F(ReconcileIdentityTest, WhatAMaskTakesAwayIdentifiesNoLonger) {
  Ingest({ContactOf(1, ContactWith({"a@example.com", "wrong@example.com"}))});
  Record correction = ContactOf(1, ContactWith({"a@example.com"}));
  std::get<ContactRecord>(correction.content).mask = {"all_emails"};

  EXPECT_THAT(Ingest({correction, ContactOf(1, ContactWith({"wrong@example.com"}))}),
              ElementsAre("UPDATED communities/1/contacts/1", "CREATED communities/1/contacts/2"));
  EXPECT_THAT(Ingest({ContactOf(1, ContactWith({"wrong@example.com"}))}),
              ElementsAre("UNCHANGED communities/1/contacts/2"));
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
TEST_F(ReconcileIdentityTest, WhoIsWhoDoesNotDependOnTheOrderOfArrival) {
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
      const auto seen = static_cast<int64_t>(random() % 20);
      records.push_back(random() % 4 == 0 ? ActivityOf(1, absl::StrCat("dm_", i), contact)
                                          : ContactOf(1, contact, {Seen(any("source ", 4), seen)}));
    }
    std::multiset<std::string> persons;
    for (int order = 0; order < 3; ++order) {
      store_ = FakeEntityStore();
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

}  // namespace
}  // namespace crier::ingest
