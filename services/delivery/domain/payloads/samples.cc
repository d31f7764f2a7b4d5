#include "services/delivery/domain/payloads/samples.h"

#include <string>

#include "absl/time/time.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"

namespace crier::delivery {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Event;
using entity::v1::Location;
using entity::v1::Organization;

constexpr int64_t kCommunity = 123;

absl::Time SampleTime() {
  return absl::FromCivil(absl::CivilSecond(2023, 4, 17, 10, 21, 26), absl::UTCTimeZone()) +
         absl::Milliseconds(978);
}

void FillLocation(Location& location) {
  location.set_city("Austin");
  location.set_region("Texas");
  location.set_country("USA");
}

Contact SampleContact() {
  Contact contact;
  contact.set_name(api::ResourceName(api::kContacts, {kCommunity, 1}));
  contact.set_full_name("Marion Sanford");
  contact.set_title("Technical Writer");
  contact.set_role("Technical Communications");
  contact.set_avatar_url("https://www.example.com/avatar/1d387064a52ba82a.png");
  contact.set_primary_email("marionsanford@example.com");
  contact.add_all_emails("marionsanford@example.com");

  auto& organization = *contact.mutable_organization();
  organization.set_display_name("TechWrite Solutions");
  organization.set_domain("techwritesolutions.com");
  FillLocation(*organization.mutable_location());

  contact.mutable_linked_in()->set_handle("in/msanford");
  contact.mutable_twitter()->set_handle("msanford");
  contact.mutable_twitter()->set_user_id("12345678");
  contact.mutable_github()->set_handle("msanford");
  contact.mutable_discord()->set_handle("msanford#1234");
  contact.mutable_discord()->set_user_id("msanford#12345678");
  contact.mutable_youtube()->set_handle("msanford");

  auto& segment = *contact.add_segments();
  segment.set_id(72602171);
  segment.set_name("Test Segment");
  auto& tag = *contact.add_tags();
  tag.set_id(70790368);
  tag.set_name("Test Tag");

  *contact.mutable_first_seen_time() = api::ToProto(SampleTime());
  contact.set_first_seen_signal("YouTube");
  *contact.mutable_last_seen_time() = api::ToProto(SampleTime());
  contact.set_last_seen_source("LinkedIn");
  return contact;
}

Event SampleEvent(Event::Kind kind) {
  Event event;
  event.set_community_id(kCommunity);
  event.set_kind(kind);
  *event.mutable_accept_time() = api::ToProto(SampleTime());
  return event;
}

}  // namespace

Event SampleContactEvent() {
  Event event = SampleEvent(Event::CONTACT_FOUND);
  *event.mutable_contact() = SampleContact();
  return event;
}

Event SampleOrganizationEvent() {
  Event event = SampleEvent(Event::ORGANIZATION_FOUND);
  Organization& organization = *event.mutable_organization();
  organization.set_name(api::ResourceName(api::kOrganizations, {kCommunity, 1}));
  organization.set_display_name("TechWrite Solutions");
  organization.set_domain("techwritesolutions.com");
  FillLocation(*organization.mutable_location());
  organization.set_logo_url("https://www.example.com/logo/1d387064a52ba82a.png");
  return event;
}

Event SampleActivityEvent() {
  Event event = SampleEvent(Event::ACTIVITY_FOUND);
  Activity& activity = *event.mutable_activity();
  activity.set_name(api::ResourceName(api::kActivities, {kCommunity, 1}));
  *activity.mutable_contact() = SampleContact();
  activity.set_activity_type("DiscordThreadCreated");
  activity.set_service_name("Discord");
  activity.set_external_id("dm_1234567");
  activity.set_provider_id(1234);
  activity.set_title("Title of parent thread");
  activity.set_content("New Thread Name");
  activity.set_external_activity_url("https://discord.com/channels/12345/67890/threads/98765");
  *activity.mutable_occur_time() = api::ToProto(SampleTime());
  activity.add_categories("Product Question");
  activity.set_sentiment(Activity::POSITIVE);
  activity.add_tags("Test Tag");
  activity.add_topics("api");
  activity.add_topics("documentation");
  return event;
}

WorkflowRef SampleWorkflow() { return {1, "Test workflow"}; }

}  // namespace crier::delivery
