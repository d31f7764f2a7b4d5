#include "services/ingest/domain/writing/reconcile_test.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "gmock/gmock.h"

namespace crier::ingest {
namespace {

using entity::v1::Contact;
using entity::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(ReconcileTest, EventsCarryTheTraceOfTheirRecord) {
  Record first = ContactOf(1, ContactWith({"a@example.com"}));
  first.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const Record second = ContactOf(1, ContactWith({"b@example.com"}));

  Ingest({first, second});

  ASSERT_THAT(store_.events, SizeIs(2));
  EXPECT_EQ(store_.events[0].traceparent(), first.traceparent);
  EXPECT_EQ(store_.events[1].traceparent(), "");
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
  // In one batch.
  Ingest({ContactOf(2, ContactWith({"a@example.com"})),
          ActivityOf(2, "dm_1", ContactWith({"b@example.com"}))});
  EXPECT_THAT(
      Ingest({ContactOf(2, ContactWith({"a@example.com", "b@example.com"})),
              ActivityOf(2, "dm_1", ContactWith({"b@example.com"}))}),
      ElementsAre("UPDATED communities/2/contacts/1", "UNCHANGED communities/2/activities/3"));
  // Both in one: the edit of the activity is what brings the two together.
  Ingest({ContactOf(1, ContactWith({"c@example.com"}))});
  EXPECT_THAT(Ingest({ActivityOf(1, "dm_1", ContactWith({"b@example.com", "c@example.com"}))}),
              ElementsAre("UNCHANGED communities/1/activities/3"));
  Ingest({ActivityOf(1, "dm_2", ContactWith({"d@example.com"}))});  // of the younger of the two
  EXPECT_THAT(Ingest({ActivityOf(1, "dm_2", ContactWith({"a@example.com", "d@example.com"}))}),
              ElementsAre("UNCHANGED communities/1/activities/6"));
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

TEST_F(ReconcileTest, AnOrganizationThatAMaskLeavesOutIsNotFound) {
  Ingest({ContactOf(1, ContactWith({"a@example.com"}))});
  Contact contact = ContactWith({"a@example.com"});
  contact.set_title("Writer");
  contact.mutable_organization()->set_domain("acme.com");
  Record record = ContactOf(1, contact);
  std::get<ContactRecord>(record.content).mask = {"title"};

  Ingest({record});

  EXPECT_THAT(EventKinds(), ElementsAre("CONTACT_FOUND", "CONTACT_UPDATED"));
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
    const auto& updated =
        event.has_contact() ? event.contact().update_time() : event.organization().update_time();
    EXPECT_EQ(api::FromProto(updated), accepted);
    time[event.log_partition()] = accepted;
  }
  EXPECT_THAT(store_.events, SizeIs(40));
}

TEST_F(ReconcileTest, AcceptTimesAreWhatPostgresKeeps) {
  Ingest({ContactOf(1, ContactWith({"a@example.com"}))}, kNow + absl::Nanoseconds(1'999));
  EXPECT_EQ(api::FromProto(store_.events.front().accept_time()), kNow + absl::Microseconds(1));
}

TEST_F(ReconcileTest, EndsEarlyWhenTheEventsAreLarge) {
  const std::vector<Record> records = {ContactOf(1, ContactWith({"a@x.y"})),
                                       ContactOf(1, ContactWith({"b@x.y"})),
                                       ContactOf(1, ContactWith({"c@x.y"}))};

  const Changes changes =
      Reconcile(records, store_.KnownOf(LookupOf(records)), kNow, /*max_event_bytes=*/1);

  EXPECT_THAT(changes.results, SizeIs(1));
  EXPECT_THAT(changes.events, SizeIs(1));
}

TEST_F(ReconcileTest, ASightingWithoutATimeHappensWhenItIsAccepted) {
  entity::v1::Sighting sighting;
  sighting.set_source("Test");
  Ingest({ContactOf(1, ContactWith({"a@example.com"}), {sighting})});

  EXPECT_EQ(api::FromProto(ContactById(1, 1).first_seen_time()), kNow);
}

TEST_F(ReconcileTest, AClockThatWasAheadMakesNoLaterSightings) {
  entity::v1::Sighting sighting;
  sighting.set_source("Test");
  Ingest({ContactOf(1, ContactWith({"a@example.com"}))}, kNow + absl::Hours(24 * 365));

  Ingest({ContactOf(1, ContactWith({"b@example.com"}), {sighting})});

  EXPECT_EQ(api::FromProto(ContactById(1, 2).last_seen_time()), kNow);
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
