#include "services/ingest/domain/entity_store_conformance.h"

#include <variant>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "services/ingest/domain/test_records.h"

namespace crier::ingest {

using entity::v1::Contact;
using testing::ElementsAre;

TEST_P(EntityStoreConformance, KnowsAgainWhatItHasStored) {
  Contact contact = ContactWith({"marion@example.com"});
  contact.set_full_name("Marion {\"Sanford\"}, NULL \\ 'x' é");
  auto* external = contact.add_external_ids();
  external->set_source("{NULL}");
  external->set_id("\"quo\\ted\", NULL");
  const std::vector<Record> records = {ContactOf(1, contact), OrganizationOf(1, "acme.com", "Acme"),
                                       ActivityOf(1, "a,\"b\\c{}", ContactWith({"x@y.z"}))};

  EXPECT_THAT(Ingest(records), ElementsAre("CREATED communities/1/contacts/1",
                                           "CREATED communities/1/organizations/2",
                                           "CREATED communities/1/activities/4"));
  EXPECT_THAT(Ingest(records), ElementsAre("UNCHANGED communities/1/contacts/1",
                                           "UNCHANGED communities/1/organizations/2",
                                           "UNCHANGED communities/1/activities/4"));
  Contact probe;
  *probe.add_external_ids() = *external;
  EXPECT_THAT(Ingest({ContactOf(1, probe)}), ElementsAre("UNCHANGED communities/1/contacts/1"));
}

TEST_P(EntityStoreConformance, KnowsLabelsByName) {
  Contact contact = ContactWith({"a@x.y"});
  contact.add_tags()->set_name("VIP {\"quoted\"}");
  contact.add_segments()->set_name("VIP");
  Ingest({ContactOf(1, contact)});

  contact.mutable_tags(0)->set_name("vip {\"QUOTED\"}");
  contact.mutable_segments(0)->set_name("vip");

  EXPECT_THAT(Ingest({ContactOf(1, contact)}), ElementsAre("UNCHANGED communities/1/contacts/1"));
}

TEST_P(EntityStoreConformance, AnswersARepeatedRequestAsBefore) {
  Record record = ContactOf(1, ContactWith({"a@x.y"}));
  record.request = {"r1", std::string("\0\xff", 2)};
  Ingest({record});

  EXPECT_THAT(Ingest({record}), ElementsAre("CREATED communities/1/contacts/1"));
  record.request.fingerprint = "other";
  EXPECT_THAT(Ingest({record}), ElementsAre("INVALID_ARGUMENT"));
}

TEST_P(EntityStoreConformance, MergesByHandAndFollowsMovedActivities) {
  Ingest({ContactOf(1, ContactWith({"a@x.y"})), ContactOf(1, ContactWith({"b@x.y"})),
          ActivityOf(1, "dm", ContactWith({"b@x.y"}))});

  EXPECT_THAT(Ingest({ActivityOf(1, "dm", ContactWith({"a@x.y"}))}),
              ElementsAre("UPDATED communities/1/activities/3"));
  EXPECT_THAT(Ingest({{1, MergeRecord{{2, 1}}}}), ElementsAre("UPDATED communities/1/contacts/1"));
  EXPECT_THAT(Ingest({{1, MergeRecord{{2, 1}}}}),
              ElementsAre("UNCHANGED communities/1/contacts/1"));
  EXPECT_THAT(Ingest({{1, MergeRecord{{2, 7}}}}), ElementsAre("NOT_FOUND"));
}

TEST_P(EntityStoreConformance, WhatLedToALoserLeadsToTheWinner) {
  for (const char* email : {"a@x.y", "b@x.y", "c@x.y"}) {
    Ingest({ContactOf(1, ContactWith({email}))});
  }
  Ingest({ActivityOf(1, "dm", ContactWith({"c@x.y"}))});

  EXPECT_THAT(Ingest({ContactOf(1, ContactWith({"c@x.y", "b@x.y"}))}),
              ElementsAre("UPDATED communities/1/contacts/2"));
  EXPECT_THAT(Ingest({ContactOf(1, ContactWith({"b@x.y", "a@x.y"}))}),
              ElementsAre("UPDATED communities/1/contacts/1"));
  EXPECT_THAT(
      Ingest({ContactOf(1, ContactWith({"c@x.y"})), ActivityOf(1, "dm", ContactWith({"c@x.y"}))}),
      ElementsAre("UNCHANGED communities/1/contacts/1", "UNCHANGED communities/1/activities/4"));
}

TEST_P(EntityStoreConformance, WhatAMaskTookAwayMayBecomeAnotherContacts) {
  Ingest({ContactOf(1, ContactWith({"a@x.y", "wrong@x.y"}))});
  Record correction = ContactOf(1, ContactWith({"a@x.y"}));
  std::get<ContactRecord>(correction.content).mask = {"all_emails"};

  EXPECT_THAT(Ingest({correction, ContactOf(1, ContactWith({"wrong@x.y"}))}),
              ElementsAre("UPDATED communities/1/contacts/1", "CREATED communities/1/contacts/2"));
}

TEST_P(EntityStoreConformance, AnIdentityMayBeNewThoughNoEventTellsOfIt) {
  Ingest({ContactOf(1, ContactWith({"a@x.y"}))});
  const Identity identity{1, IdentityKind::kGithub, "marion"};
  Lookup lookup;
  lookup.communities = {1};
  const auto changes = store_->Transact(lookup, absl::Now() + absl::Seconds(30), [&](const Known&) {
    Changes some;
    some.identities = {{identity, 1}};
    some.apart = {{identity, 1}};
    return some;
  });
  ASSERT_TRUE(changes.ok()) << changes.status();

  Contact probe;
  probe.mutable_github()->set_handle("marion");
  EXPECT_THAT(Ingest({ContactOf(1, probe)}), ElementsAre("UPDATED communities/1/contacts/1"));
}

TEST_P(EntityStoreConformance, KeepsCommunitiesApart) {
  const Contact contact = ContactWith({"marion@example.com"});

  EXPECT_THAT(Ingest({ContactOf(1, contact), ContactOf(2, contact)}),
              ElementsAre("CREATED communities/1/contacts/1", "CREATED communities/2/contacts/1"));
  EXPECT_THAT(
      Ingest({ContactOf(2, contact), ContactOf(3, contact)}),
      ElementsAre("UNCHANGED communities/2/contacts/1", "CREATED communities/3/contacts/1"));
}

}  // namespace crier::ingest
