#include "services/ingest/domain/writing/entity_store_conformance.h"

#include <variant>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "services/ingest/domain/entities/limits.h"
#include "services/ingest/domain/fakes/test_records.h"

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

TEST_P(EntityStoreConformance, NumbersLabelsOnFromWhatIsNotTooGreat) {
  Contact contact = ContactWith({"a@x.y"});
  for (const int64_t id : {int64_t{7}, kMaxLabelId}) {
    contact.add_tags()->set_id(id);
    contact.mutable_tags()->rbegin()->set_name("Given");
  }
  Ingest({ContactOf(1, contact)});
  Lookup lookup;
  lookup.communities = {1};
  lookup.label_names = {{1, LabelKind::kTag, "new"}};

  std::map<std::pair<int64_t, LabelKind>, int64_t> last_ids;
  const auto done =
      store_->Transact(lookup, absl::Now() + absl::Seconds(30), [&](const Known& known) {
        last_ids = known.labels.last_ids;
        return Changes();
      });

  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_THAT(last_ids, ElementsAre(testing::Pair(std::pair(int64_t{1}, LabelKind::kTag), 7)));
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

TEST_P(EntityStoreConformance, TellsWhatWasAskedForAndNoMore) {
  Contact contact = ContactWith({"a@x.y"});
  contact.add_tags()->set_name("VIP");
  contact.add_segments()->set_name("Beta");
  Record record = ContactOf(1, contact);
  record.request = {"r1", "print"};
  Ingest({record, OrganizationOf(1, "acme.com", "Acme"),
          ActivityOf(1, "dm", ContactWith({"b@x.y"})), ContactOf(1, ContactWith({"c@x.y"}))});
  Ingest({{1, MergeRecord{{1, 5}}}});
  const auto known_of = [&](const Lookup& lookup) {
    Known copy;
    const auto done =
        store_->Transact(lookup, absl::Now() + absl::Seconds(30), [&](const Known& known) {
          copy = known;
          return Changes();
        });
    EXPECT_TRUE(done.ok()) << done.status();
    return copy;
  };
  const auto sizes = [](const Known& known) {
    return std::vector<size_t>{known.identities.size(),      known.redirects.size(),
                               known.contacts.size(),        known.organizations.size(),
                               known.activities.size(),      known.labels.names.size(),
                               known.labels.last_ids.size(), known.requests.size()};
  };
  Lookup lookup;
  lookup.communities = {1};

  EXPECT_THAT(sizes(known_of(lookup)), ElementsAre(0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(known_of(lookup).heads, testing::SizeIs(1));

  const std::vector<Identity> identities = IdentitiesOf(1, ContactWith({"a@x.y", "unheard@x.y"}));
  Lookup identity = lookup;
  identity.identities = {identities};
  EXPECT_THAT(sizes(known_of(identity)), ElementsAre(1, 0, 1, 0, 0, 0, 0, 0));
  Lookup loser = lookup;
  loser.contacts = {{1, 5}};
  EXPECT_THAT(sizes(known_of(loser)), ElementsAre(0, 1, 1, 0, 0, 0, 0, 0));
  Lookup organization = lookup;
  organization.organizations = {{1, "acme.com"}, {1, "unheard.com"}};
  EXPECT_THAT(sizes(known_of(organization)), ElementsAre(0, 0, 0, 1, 0, 0, 0, 0));
  Lookup activity = lookup;
  activity.activities = {{1, "Discord", "DiscordPost", "dm"}};
  EXPECT_THAT(sizes(known_of(activity)), ElementsAre(0, 0, 1, 0, 1, 0, 0, 0));
  Lookup label = lookup;
  label.labels = {{1, LabelKind::kTag, 1}, {1, LabelKind::kTag, 9}};
  EXPECT_THAT(sizes(known_of(label)), ElementsAre(0, 0, 0, 0, 0, 1, 0, 0));
  Lookup label_name = lookup;
  label_name.label_names = {{1, LabelKind::kSegment, "beta"}, {1, LabelKind::kTag, "unheard"}};
  EXPECT_THAT(sizes(known_of(label_name)), ElementsAre(0, 0, 0, 0, 0, 1, 2, 0));
  Lookup request = lookup;
  request.requests = {{1, "r1"}, {1, "r2"}};
  EXPECT_THAT(sizes(known_of(request)), ElementsAre(0, 0, 0, 0, 0, 0, 0, 1));
}

TEST_P(EntityStoreConformance, ARecordThatLeadsToALostContactFailsAlone) {
  const std::vector<Identity> dangling = IdentitiesOf(1, ContactWith({"lost@x.y"}));
  Lookup lookup;
  lookup.communities = {1};
  const auto changes = store_->Transact(lookup, absl::Now() + absl::Seconds(30), [&](const Known&) {
    Changes some;
    some.identities = {{dangling[0], 77}};
    return some;
  });
  ASSERT_TRUE(changes.ok()) << changes.status();

  EXPECT_THAT(Ingest({ActivityOf(1, "1", ContactWith({"a@x.y"}))}),
              ElementsAre("CREATED communities/1/activities/2"));
  EXPECT_THAT(
      Ingest({ContactOf(1, ContactWith({"lost@x.y"})),
              ContactOf(1, ContactWith({"a@x.y"})),
              ActivityOf(1, "1", ContactWith({"lost@x.y"})),
              {1, MergeRecord{{1, 77}}}}),
      ElementsAre("DATA_LOSS", "UPDATED communities/1/contacts/1", "DATA_LOSS", "NOT_FOUND"));
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
