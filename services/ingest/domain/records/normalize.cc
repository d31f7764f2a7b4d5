#include "services/ingest/domain/records/normalize.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "services/ingest/domain/entities/identity.h"
#include "services/ingest/domain/entities/merge.h"
#include "services/ingest/domain/entities/organization_domain.h"

namespace crier::ingest {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Organization;
using entity::v1::Sighting;

// Whether it finds an organization.
bool CleanDomain(std::string& domain) {
  const std::optional<std::string> registrable = RegistrableDomain(domain);
  if (!registrable) {
    domain = absl::AsciiStrToLower(absl::StripAsciiWhitespace(domain));
    return false;
  }
  if (IsFreeMailDomain(*registrable)) {
    domain.clear();
    return false;
  }
  domain = *registrable;
  return true;
}

template <typename Named>
void TrimNames(google::protobuf::RepeatedPtrField<Named>& labels) {
  for (Named& label : labels) absl::StripAsciiWhitespace(label.mutable_name());
}

void CleanContact(Contact& contact) {
  if (!contact.primary_email().empty()) {
    contact.set_primary_email(*CleanEmail(contact.primary_email()));
  }
  for (std::string& email : *contact.mutable_all_emails()) email = *CleanEmail(email);
  TrimNames(*contact.mutable_segments());
  TrimNames(*contact.mutable_tags());
  for (const Network& network : Networks()) {
    const std::string& handle = (contact.*network.profile)().handle();
    if (handle.empty()) continue;
    std::string clean = *CleanHandle(network, handle);
    (contact.*network.mutable_profile)()->set_handle(std::move(clean));
  }
}

// Times are kept to the microsecond, which is what Postgres keeps: so what an entity says and what
// its columns say are the same.
void DropNanos(google::protobuf::Timestamp* time) { time->set_nanos(time->nanos() / 1000 * 1000); }

}  // namespace

ContactRecord Normalize(int64_t community, std::shared_ptr<Contact> contact,
                        std::vector<Sighting> sightings) {
  CleanContact(*contact);
  ContactRecord record;
  if (contact->has_organization()) {
    std::string& domain = *contact->mutable_organization()->mutable_domain();
    record.names_organization = CleanDomain(domain);
  }
  AddToNothing(*contact);
  record.identities = IdentitiesOf(community, *contact);
  record.contact = std::move(contact);
  record.sightings = std::move(sightings);
  for (Sighting& sighting : record.sightings) {
    if (sighting.has_seen_time()) DropNanos(sighting.mutable_seen_time());
  }
  return record;
}

OrganizationRecord Normalize(Organization organization) {
  organization.clear_name();
  organization.clear_create_time();
  organization.clear_update_time();
  organization.set_domain(*RegistrableDomain(organization.domain()));
  return {std::move(organization)};
}

ActivityRecord Normalize(int64_t community, std::shared_ptr<Activity> activity) {
  Sighting sighting;
  sighting.set_source(activity->service_name());
  *sighting.mutable_seen_time() = activity->occur_time();
  ActivityRecord record;
  record.contact = Normalize(community, {activity, activity->mutable_contact()}, {sighting});
  DropNanos(activity->mutable_occur_time());
  activity->clear_name();
  activity->clear_create_time();
  activity->clear_update_time();
  record.activity = std::move(activity);
  return record;
}

}  // namespace crier::ingest
