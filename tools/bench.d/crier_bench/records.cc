#include "tools/bench.d/crier_bench/records.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace crier::bench {
namespace {

constexpr absl::string_view kTitle = "Technical Writer #";
constexpr int64_t kSeenSeconds = 1'700'000'000;

void FillIdentities(size_t number, int identities, entity::v1::Contact& contact) {
  const std::string handle = absl::StrCat("member", number);
  const std::string email = absl::StrCat(handle, "@example.com");
  contact.set_primary_email(email);
  contact.add_all_emails(email);
  if (identities >= 2) contact.mutable_linked_in()->set_handle(absl::StrCat("in/", handle));
  if (identities >= 3) contact.mutable_github()->set_handle(handle);
  if (identities >= 4) {
    contact.mutable_twitter()->set_handle(handle);
    contact.mutable_twitter()->set_user_id(absl::StrCat(10'000'000 + number));
  }
  if (identities >= 5) {
    entity::v1::ExternalId& id = *contact.add_external_ids();
    id.set_source("CRM");
    id.set_id(handle);
  }
  if (identities >= 6) contact.mutable_discord()->set_handle(handle);
}

}  // namespace

void FillContact(size_t number, const Communities& communities, int identities,
                 ingest::v1::UpsertContactRequest& request) {
  const auto community = static_cast<int64_t>(number % static_cast<size_t>(communities.count));
  request.set_parent(absl::StrCat("communities/", communities.first + community));
  entity::v1::Contact& contact = *request.mutable_contact();
  contact.set_full_name(absl::StrCat("Marion Sanford ", number));
  contact.set_title(absl::StrCat(kTitle, number));
  contact.set_role("Technical Communications");
  contact.set_avatar_url("https://www.example.com/avatar/1d387064a52ba82a.png");
  FillIdentities(number, identities, contact);
  entity::v1::OrganizationSummary& organization = *contact.mutable_organization();
  organization.set_display_name("TechWrite Solutions");
  organization.set_domain("techwritesolutions.com");
  organization.mutable_location()->set_city("Austin");
  organization.mutable_location()->set_region("Texas");
  organization.mutable_location()->set_country("USA");
  entity::v1::Segment& segment = *contact.add_segments();
  segment.set_id(72602171);
  segment.set_name("Test Segment");
  entity::v1::Tag& tag = *contact.add_tags();
  tag.set_id(70790368);
  tag.set_name("Test Tag");
  entity::v1::Sighting& sighting = *request.add_sightings();
  sighting.set_source("YouTube");
  sighting.mutable_seen_time()->set_seconds(kSeenSeconds + static_cast<int64_t>(number / 1000));
}

std::optional<size_t> NumberIn(absl::string_view payload) {
  const size_t title = payload.find(kTitle);
  if (title == absl::string_view::npos) return std::nullopt;
  payload.remove_prefix(title + kTitle.size());
  size_t number = 0;
  if (!absl::SimpleAtoi(payload.substr(0, payload.find('"')), &number)) return std::nullopt;
  return number;
}

}  // namespace crier::bench
