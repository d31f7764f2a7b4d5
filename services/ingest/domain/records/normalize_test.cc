#include "services/ingest/domain/records/normalize.h"

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::ingest {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Organization;
using testing::ElementsAre;
using testing::SizeIs;

TEST(Normalize, BringsAContactIntoNormalForm) {
  Contact contact;
  contact.set_name("communities/9/contacts/9");
  contact.set_first_seen_signal("caller");
  contact.set_last_seen_source("caller");
  contact.mutable_create_time()->set_seconds(1);
  contact.set_primary_email(" Marion@Example.com ");
  contact.add_all_emails("other@example.com");
  contact.add_all_emails("OTHER@example.com");
  contact.mutable_organization()->set_domain(" TechWrite.COM ");
  contact.mutable_linked_in()->set_handle("https://linkedin.com/in/msanford");
  contact.mutable_twitter();  // says nothing
  for (int i = 0; i < 2; ++i) {
    auto* tag = contact.add_tags();
    tag->set_id(5);
    tag->set_name("Tag");
  }

  const ContactRecord record = Normalize(7, std::make_shared<Contact>(contact), {});

  EXPECT_EQ(record.contact->name(), "");
  EXPECT_EQ(record.contact->first_seen_signal(), "");
  EXPECT_EQ(record.contact->last_seen_source(), "");
  EXPECT_FALSE(record.contact->has_create_time());
  EXPECT_EQ(record.contact->primary_email(), "Marion@Example.com");
  EXPECT_THAT(record.contact->all_emails(), ElementsAre("other@example.com", "Marion@Example.com"));
  EXPECT_EQ(record.contact->organization().domain(), "techwrite.com");
  EXPECT_EQ(record.contact->linked_in().handle(), "in/msanford");
  EXPECT_FALSE(record.contact->has_twitter());
  EXPECT_THAT(record.contact->tags(), SizeIs(1));
  EXPECT_EQ(record.identities, IdentitiesOf(7, *record.contact));
  EXPECT_THAT(record.identities, SizeIs(3));  // two addresses and a handle
}

TEST(Normalize, LowersTheDomainOfAnOrganization) {
  Organization organization;
  organization.set_domain(" Example.COM");
  organization.set_name("communities/9/organizations/9");

  const OrganizationRecord record = Normalize(organization);

  EXPECT_EQ(record.organization.domain(), "example.com");
  EXPECT_EQ(record.organization.name(), "");
}

TEST(Normalize, SeesTheContactOfAnActivityInItsServiceAtItsTime) {
  Activity activity;
  activity.set_service_name("Discord");
  activity.mutable_occur_time()->set_seconds(1681726886);
  activity.mutable_contact()->set_primary_email("marion@example.com");

  const ActivityRecord record = Normalize(7, std::make_shared<Activity>(activity));

  EXPECT_EQ(record.contact.contact.get(), &record.activity->contact());
  EXPECT_EQ(record.contact.contact->primary_email(), "marion@example.com");
  ASSERT_THAT(record.contact.sightings, SizeIs(1));
  EXPECT_EQ(record.contact.sightings[0].source(), "Discord");
  EXPECT_EQ(record.contact.sightings[0].seen_time().seconds(), 1681726886);
}

}  // namespace
}  // namespace crier::ingest
