#include "services/ingest/domain/records/validation.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/api/validation.h"
#include "common/base/utf8.h"
#include "services/ingest/domain/entities/identity.h"
#include "services/ingest/domain/entities/limits.h"
#include "services/ingest/domain/entities/organization_domain.h"

namespace crier::ingest {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::ExternalId;
using entity::v1::Location;
using entity::v1::Organization;
using entity::v1::Sighting;
using entity::v1::SocialProfile;
using google::protobuf::RepeatedPtrField;

// Where a field is, such as `contact.all_emails[2]`; written out only when something is wrong with
// it, so that it costs nothing as long as all is well. Its parent must outlive it.
class Path {
 public:
  explicit Path(absl::string_view name) : name_(name) {}
  Path(const Path& parent, absl::string_view name) : parent_(&parent), name_(name) {}
  Path(const Path& list, int index) : parent_(&list), index_(index) {}
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

  std::string Text() const {
    if (parent_ == nullptr) return std::string(name_);
    return index_ ? absl::StrCat(parent_->Text(), "[", *index_, "]")
                  : absl::StrCat(parent_->Text(), ".", name_);
  }

 private:
  const Path* parent_ = nullptr;
  absl::string_view name_;
  std::optional<int> index_;
};

void CheckText(const Path& field, absl::string_view value, size_t max_bytes,
               FieldViolations& violations) {
  if (!api::IsText(value, max_bytes)) {
    api::CheckText(field.Text(), value, max_bytes, violations);
  }
}

void CheckRequiredText(const Path& field, absl::string_view value, size_t max_bytes,
                       FieldViolations& violations) {
  if (!api::IsText(value, max_bytes) || absl::StripAsciiWhitespace(value).empty()) {
    api::CheckRequiredText(field.Text(), value, max_bytes, violations);
  }
}

// False, with a violation, when the list is too long to be looked at element by element.
bool CheckListSize(const Path& field, int size, FieldViolations& violations) {
  if (size <= kMaxListElements) return true;
  violations.Add(field.Text(), "must have at most 1,000 elements");
  return false;
}

// False, with a violation, when the entity is too large to be looked at field by field.
bool CheckEntitySize(const Path& field, const google::protobuf::Message& entity,
                     FieldViolations& violations) {
  if (entity.ByteSizeLong() <= kMaxEntityBytes) return true;
  violations.Add(field.Text(), "must have at most 256 KiB");
  return false;
}

void CheckNames(const Path& field, const RepeatedPtrField<std::string>& names,
                FieldViolations& violations) {
  if (!CheckListSize(field, names.size(), violations)) return;
  for (int i = 0; i < names.size(); ++i) {
    CheckRequiredText(Path(field, i), names[i], kMaxStringBytes, violations);
  }
}

void CheckUrl(const Path& field, const std::string& url, FieldViolations& violations) {
  if (url.empty()) return;
  CheckText(field, url, kMaxStringBytes, violations);
  const size_t host = absl::StartsWithIgnoreCase(url, "https://")  ? 8
                      : absl::StartsWithIgnoreCase(url, "http://") ? 7
                                                                   : url.size();
  const bool has_host = host < url.size() && !absl::StrContains("/?#:", url[host]);
  const bool plain = std::none_of(url.begin(), url.end(), [](char c) {
    return absl::ascii_isspace(c) || absl::ascii_iscntrl(c);
  });
  if (!has_host || !plain) {
    violations.Add(field.Text(),
                   "must be an absolute URL of https:// or http:// with a host, without spaces or "
                   "control characters");
  }
}

void CheckEmail(const Path& field, const std::string& email, FieldViolations& violations) {
  CheckText(field, email, kMaxEmailBytes, violations);
  if (!IsEmail(email)) {
    violations.Add(field.Text(),
                   "must be an e-mail address with exactly one `@` and no spaces inside");
  }
}

void CheckEmails(const Path& field, const Contact& contact, FieldViolations& violations) {
  if (!contact.primary_email().empty()) {
    CheckEmail(Path(field, "primary_email"), contact.primary_email(), violations);
  }
  const Path all_emails(field, "all_emails");
  if (!CheckListSize(all_emails, contact.all_emails_size(), violations)) return;
  for (int i = 0; i < contact.all_emails_size(); ++i) {
    CheckEmail(Path(all_emails, i), contact.all_emails(i), violations);
  }
}

void CheckLocation(const Path& field, const Location& location, FieldViolations& violations) {
  CheckText(Path(field, "city"), location.city(), kMaxStringBytes, violations);
  CheckText(Path(field, "region"), location.region(), kMaxStringBytes, violations);
  CheckText(Path(field, "country"), location.country(), kMaxStringBytes, violations);
}

void CheckProfile(const Path& field, const Network& network, const SocialProfile& profile,
                  FieldViolations& violations) {
  CheckText(Path(field, "handle"), profile.handle(), kMaxNameBytes, violations);
  if (!profile.handle().empty() && profile.handle().size() <= kMaxNameBytes &&
      !CleanHandle(network, profile.handle())) {
    violations.Add(Path(field, "handle").Text(),
                   absl::StrCat("must be a handle or the URL of a profile (`", network.example,
                                "`); leave it out when there is none"));
  }
  CheckText(Path(field, "user_id"), profile.user_id(), kMaxNameBytes, violations);
  CheckUrl(Path(field, "url"), profile.url(), violations);
}

// Segments and tags.
template <typename Named>
void CheckNamed(const Path& field, const RepeatedPtrField<Named>& values,
                FieldViolations& violations) {
  if (!CheckListSize(field, values.size(), violations)) return;
  for (int i = 0; i < values.size(); ++i) {
    const Path element(field, i);
    if (values[i].id() < 0 || values[i].id() > kMaxLabelId) {
      violations.Add(Path(element, "id").Text(),
                     "must be from 1 to 2^62, or 0 to go by the name alone");
    }
    CheckRequiredText(Path(element, "name"), values[i].name(), kMaxLabelBytes, violations);
  }
}

void CheckCustomFields(const Path& field, const Contact& contact, FieldViolations& violations) {
  const Path path(field, "custom_fields");
  if (!CheckListSize(path, static_cast<int>(contact.custom_fields_size()), violations)) return;
  // In the order of the keys, so that the same mistake gets the same answer.
  std::vector<std::string> keys;
  for (const auto& [key, value] : contact.custom_fields()) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  for (const std::string& key : keys) {
    // A path ends up in a protobuf string and in a header.
    const std::string element =
        absl::StrCat(path.Text(), "[", ReplaceInvalidUtf8(TruncateUtf8(key, kMaxNameBytes)), "]");
    CheckRequiredText(Path(element), key, kMaxStringBytes, violations);
    CheckText(Path(element), contact.custom_fields().at(key), kMaxStringBytes, violations);
  }
}

void CheckExternalIds(const Path& field, const RepeatedPtrField<ExternalId>& ids,
                      FieldViolations& violations) {
  if (!CheckListSize(field, ids.size(), violations)) return;
  for (int i = 0; i < ids.size(); ++i) {
    const Path element(field, i);
    CheckRequiredText(Path(element, "source"), ids[i].source(), kMaxNameBytes, violations);
    CheckRequiredText(Path(element, "id"), ids[i].id(), kMaxExternalIdBytes, violations);
    if (IsPlaceholder(ids[i].id())) {
      violations.Add(Path(element, "id").Text(),
                     "must be an id, not what stands for none; leave it out when there is none");
    }
  }
}

bool HasIdentity(const Contact& contact) {
  return !contact.primary_email().empty() || !contact.all_emails().empty() ||
         !contact.external_ids().empty() ||
         std::any_of(Networks().begin(), Networks().end(), [&](const Network& network) {
           return !(contact.*network.profile)().handle().empty();
         });
}

void CheckDomain(const Path& field, const std::string& domain, FieldViolations& violations) {
  const std::optional<std::string> registrable = RegistrableDomain(domain);
  if (!registrable) {
    violations.Add(
        field.Text(),
        "must be a host name of at most 253 characters, registered below a public suffix "
        "(`example.com`, not `co.uk`)");
  } else if (IsFreeMailDomain(*registrable)) {
    violations.Add(field.Text(),
                   "must not be that of a provider of mailboxes, where anybody has one");
  }
}

void CheckContactAt(const Path& field, const Contact& contact, FieldViolations& violations) {
  if (!CheckEntitySize(field, contact, violations)) return;
  if (!HasIdentity(contact)) {
    violations.Add(field.Text(), "must have an e-mail address, a handle or an external id");
  }
  CheckText(Path(field, "full_name"), contact.full_name(), kMaxStringBytes, violations);
  CheckText(Path(field, "title"), contact.title(), kMaxStringBytes, violations);
  CheckText(Path(field, "role"), contact.role(), kMaxStringBytes, violations);
  CheckUrl(Path(field, "avatar_url"), contact.avatar_url(), violations);
  CheckEmails(field, contact, violations);
  if (contact.has_organization()) {
    const Path organization(field, "organization");
    CheckText(Path(organization, "display_name"), contact.organization().display_name(),
              kMaxStringBytes, violations);
    CheckText(Path(organization, "domain"), contact.organization().domain(), kMaxDomainBytes,
              violations);
    CheckLocation(Path(organization, "location"), contact.organization().location(), violations);
  }
  for (const Network& network : Networks()) {
    if (!(contact.*network.has_profile)()) continue;
    CheckProfile(Path(field, network.field), network, (contact.*network.profile)(), violations);
  }
  CheckNamed(Path(field, "segments"), contact.segments(), violations);
  CheckNamed(Path(field, "tags"), contact.tags(), violations);
  if (!std::isfinite(contact.lead_score())) {
    violations.Add(Path(field, "lead_score").Text(), "must be a finite number");
  }
  CheckCustomFields(field, contact, violations);
  CheckExternalIds(Path(field, "external_ids"), contact.external_ids(), violations);
}

}  // namespace

void CheckContact(absl::string_view name, const Contact& contact, FieldViolations& violations) {
  CheckContactAt(Path(name), contact, violations);
}

void CheckSightings(absl::string_view name, const RepeatedPtrField<Sighting>& sightings,
                    FieldViolations& violations) {
  const Path field(name);
  if (sightings.empty()) violations.Add(field.Text(), "must not be empty");
  if (sightings.size() > kMaxSightings) {
    violations.Add(field.Text(), "must have at most 100 elements");
    return;
  }
  for (int i = 0; i < sightings.size(); ++i) {
    const Path element(field, i);
    CheckRequiredText(Path(element, "source"), sightings[i].source(), kMaxNameBytes, violations);
    if (sightings[i].has_seen_time()) {
      api::CheckTimestamp(Path(element, "seen_time").Text(), sightings[i].seen_time(), violations);
    }
  }
}

void CheckOrganization(absl::string_view name, const Organization& organization,
                       FieldViolations& violations) {
  const Path field(name);
  if (!CheckEntitySize(field, organization, violations)) return;
  CheckText(Path(field, "display_name"), organization.display_name(), kMaxStringBytes, violations);
  CheckDomain(Path(field, "domain"), organization.domain(), violations);
  CheckLocation(Path(field, "location"), organization.location(), violations);
  CheckUrl(Path(field, "logo_url"), organization.logo_url(), violations);
}

void CheckActivity(absl::string_view name, const Activity& activity, FieldViolations& violations) {
  const Path field(name);
  if (!CheckEntitySize(field, activity, violations)) return;
  if (activity.has_contact()) {
    CheckContactAt(Path(field, "contact"), activity.contact(), violations);
  } else {
    violations.Add(Path(field, "contact").Text(), "must be set");
  }
  CheckRequiredText(Path(field, "activity_type"), activity.activity_type(), kMaxNameBytes,
                    violations);
  CheckRequiredText(Path(field, "service_name"), activity.service_name(), kMaxNameBytes,
                    violations);
  CheckRequiredText(Path(field, "external_id"), activity.external_id(), kMaxExternalIdBytes,
                    violations);
  if (activity.provider_id() < 0) {
    violations.Add(Path(field, "provider_id").Text(), "must not be negative");
  }
  CheckText(Path(field, "title"), activity.title(), kMaxStringBytes, violations);
  CheckText(Path(field, "content"), activity.content(), kMaxEntityBytes, violations);
  CheckUrl(Path(field, "external_activity_url"), activity.external_activity_url(), violations);
  if (activity.has_occur_time()) {
    api::CheckTimestamp(Path(field, "occur_time").Text(), activity.occur_time(), violations);
  } else {
    violations.Add(Path(field, "occur_time").Text(), "must be set");
  }
  CheckNames(Path(field, "categories"), activity.categories(), violations);
  api::CheckKnownEnums(name, activity, violations);
  CheckNames(Path(field, "tags"), activity.tags(), violations);
  CheckNames(Path(field, "topics"), activity.topics(), violations);
}

}  // namespace crier::ingest
