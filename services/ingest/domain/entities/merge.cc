#include "services/ingest/domain/entities/merge.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status/macros.h"
#include "google/protobuf/message.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/unknown_field_set.h"
#include "services/ingest/domain/entities/identity.h"
#include "services/ingest/domain/entities/limits.h"
#include "services/ingest/domain/errors.h"

namespace crier::ingest {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::ExternalId;
using entity::v1::Location;
using entity::v1::Organization;
using entity::v1::OrganizationSummary;
using entity::v1::Segment;
using entity::v1::Sighting;
using entity::v1::SocialProfile;
using entity::v1::Tag;
using google::protobuf::Map;
using google::protobuf::Message;
using google::protobuf::RepeatedPtrField;
using google::protobuf::Timestamp;

bool Assign(const std::string& value, std::string* known) {
  if (value.empty() || value == *known) return false;
  *known = value;
  return true;
}

// Same address or handle: the spelling that is known stays, so that two sources that differ in case
// do not take turns.
bool AssignFolded(const std::string& value, std::string* known) {
  if (value.empty() || CaseFold(value) == CaseFold(*known)) return false;
  *known = value;
  return true;
}

bool AssignList(const RepeatedPtrField<std::string>& values, RepeatedPtrField<std::string>* known) {
  if (values.empty() || std::equal(values.begin(), values.end(), known->begin(), known->end())) {
    return false;
  }
  *known = values;
  return true;
}

bool UniteEmails(const RepeatedPtrField<std::string>& values,
                 RepeatedPtrField<std::string>* known) {
  if (values.empty()) return false;
  absl::flat_hash_set<std::string> folded;
  for (const std::string& email : *known) folded.insert(CaseFold(email));
  bool changed = false;
  for (const std::string& value : values) {
    if (!folded.insert(CaseFold(value)).second) continue;
    *known->Add() = value;
    changed = true;
  }
  return changed;
}

// Segments and tags: the same id or, where that is still to be found, the same name.
template <typename Named>
bool UniteLabels(const RepeatedPtrField<Named>& values, RepeatedPtrField<Named>* known) {
  if (values.empty()) return false;
  absl::flat_hash_set<std::string> names;  // of those without an id
  for (const Named& label : *known) {
    if (label.id() == 0) names.insert(CaseFold(label.name()));
  }
  bool changed = false;
  for (const Named& value : values) {
    const auto found = value.id() == 0
                           ? known->end()
                           : std::find_if(known->begin(), known->end(), [&](const Named& other) {
                               return other.id() == value.id();
                             });
    if (found != known->end()) {
      changed |= Assign(value.name(), found->mutable_name());
    } else if (value.id() != 0 || names.insert(CaseFold(value.name())).second) {
      *known->Add() = value;
      changed = true;
    }
  }
  return changed;
}

bool UniteExternalIds(const RepeatedPtrField<ExternalId>& values,
                      RepeatedPtrField<ExternalId>* known) {
  if (values.empty()) return false;
  absl::flat_hash_set<std::pair<absl::string_view, absl::string_view>> ids;
  for (const ExternalId& id : *known) ids.insert({id.source(), id.id()});
  bool changed = false;
  for (const ExternalId& value : values) {
    if (!ids.insert({value.source(), value.id()}).second) continue;
    *known->Add() = value;
    changed = true;
  }
  return changed;
}

bool UniteFields(const Map<std::string, std::string>& values,
                 Map<std::string, std::string>* known) {
  bool changed = false;
  for (const auto& [key, value] : values) {
    const auto [entry, added] = known->insert({key, value});
    changed |= added || Assign(value, &entry->second);
  }
  return changed;
}

template <typename Element>
void DropRepetitions(RepeatedPtrField<Element>& list,
                     bool (*unite)(const RepeatedPtrField<Element>&, RepeatedPtrField<Element>*)) {
  if (list.size() < 2) return;
  RepeatedPtrField<Element> united;
  unite(list, &united);
  list.Swap(&united);
}

void ClearUnknownFields(Message& message) {
  const auto& reflection = *message.GetReflection();
  if (reflection.GetUnknownFields(message).empty()) return;
  reflection.MutableUnknownFields(&message)->Clear();
}

void ClearOutputOnly(Contact& contact) {
  ClearUnknownFields(contact);
  contact.clear_name();
  contact.clear_first_seen_time();
  contact.clear_first_seen_signal();
  contact.clear_last_seen_time();
  contact.clear_last_seen_source();
  contact.clear_create_time();
  contact.clear_update_time();
  contact.clear_activity_count();
  contact.clear_previous_title();
  contact.clear_previous_organization();
}

auto Parts(const Location& place) {
  return std::tie(place.city(), place.region(), place.country());
}

bool IsEmpty(const Location& place) { return Parts(place) == Parts(Location::default_instance()); }

bool IsEmpty(const OrganizationSummary& summary) {
  return summary.display_name().empty() && summary.domain().empty() && IsEmpty(summary.location());
}

bool IsEmpty(const SocialProfile& profile) {
  return profile.handle().empty() && profile.user_id().empty() && profile.url().empty();
}

// A place is replaced as a whole: half of one and half of another is nowhere.
template <typename Record, typename Entity>
bool AssignLocation(const Record& record, Entity& known) {
  const Location& value = record.location();
  if (IsEmpty(value) || Parts(value) == Parts(known.location())) return false;
  *known.mutable_location() = value;
  return true;
}

// Whether both are known and not the same organization: domains tell, names only where there is no
// domain.
bool AreDifferent(const OrganizationSummary& a, const OrganizationSummary& b) {
  if (a.domain().empty() && b.domain().empty()) {
    return !a.display_name().empty() && !b.display_name().empty() &&
           CaseFold(a.display_name()) != CaseFold(b.display_name());
  }
  return !a.domain().empty() && !b.domain().empty() && a.domain() != b.domain();
}

bool AddToSummary(const OrganizationSummary& record, OrganizationSummary* known) {
  if (AreDifferent(record, *known)) {
    *known = record;
    return true;
  }
  bool changed = Assign(record.display_name(), known->mutable_display_name());
  changed |= Assign(record.domain(), known->mutable_domain());
  changed |= AssignLocation(record, *known);
  return changed;
}

bool AddToProfile(const SocialProfile& record, SocialProfile* known) {
  if (!record.handle().empty() && !known->handle().empty() &&
      CaseFold(record.handle()) != CaseFold(known->handle())) {
    *known = record;
    return true;
  }
  bool changed = AssignFolded(record.handle(), known->mutable_handle());
  changed |= Assign(record.user_id(), known->mutable_user_id());
  changed |= Assign(record.url(), known->mutable_url());
  return changed;
}

std::tuple<int64_t, int32_t, absl::string_view> SightingOrder(const Timestamp& time,
                                                              absl::string_view source) {
  return {time.seconds(), time.nanos(), source};
}

absl::Status CheckListSize(absl::string_view name, int size) {
  if (size <= kMaxListElements) return absl::OkStatus();
  return EntityTooLargeError(absl::StrCat(name, " would hold more than 1,000 elements"));
}

absl::Status CheckBytes(size_t bytes) {
  if (bytes <= kMaxEntityBytes) return absl::OkStatus();
  return EntityTooLargeError("the entity would exceed 256 KiB");
}

bool AddPrimaryToAllEmails(Contact& contact) {
  if (contact.primary_email().empty()) return false;
  const auto& emails = contact.all_emails();
  if (std::any_of(emails.begin(), emails.end(), [&](const std::string& email) {
        return absl::EqualsIgnoreCase(email, contact.primary_email());
      })) {
    return false;
  }
  contact.add_all_emails(contact.primary_email());
  return true;
}

}  // namespace

void KeepFormerTitle(const std::string& next, Contact& known) {
  if (!next.empty() && !known.title().empty() && CaseFold(next) != CaseFold(known.title())) {
    known.set_previous_title(known.title());
  }
}

void KeepFormerOrganization(const OrganizationSummary& next, Contact& known) {
  if (AreDifferent(next, known.organization())) {
    *known.mutable_previous_organization() = known.organization();
  }
}

bool AddToContact(const Contact& record, Contact& known) {
  KeepFormerTitle(record.title(), known);
  KeepFormerOrganization(record.organization(), known);
  bool changed = Assign(record.full_name(), known.mutable_full_name());
  changed |= Assign(record.title(), known.mutable_title());
  changed |= Assign(record.role(), known.mutable_role());
  changed |= Assign(record.avatar_url(), known.mutable_avatar_url());
  changed |= AssignFolded(record.primary_email(), known.mutable_primary_email());
  changed |= UniteEmails(record.all_emails(), known.mutable_all_emails());
  // Known even when the caller does not repeat it in the list.
  changed |= AddPrimaryToAllEmails(known);
  if (!IsEmpty(record.organization())) {
    changed |= AddToSummary(record.organization(), known.mutable_organization());
  }
  for (const Network& network : Networks()) {
    const SocialProfile& profile = (record.*network.profile)();
    if (!IsEmpty(profile)) changed |= AddToProfile(profile, (known.*network.mutable_profile)());
  }
  changed |= UniteLabels(record.segments(), known.mutable_segments());
  changed |= UniteLabels(record.tags(), known.mutable_tags());
  if (record.lead_score() != 0 && record.lead_score() != known.lead_score()) {
    known.set_lead_score(record.lead_score());
    changed = true;
  }
  if (record.is_team_member() && !known.is_team_member()) {
    known.set_is_team_member(true);
    changed = true;
  }
  changed |= UniteFields(record.custom_fields(), known.mutable_custom_fields());
  changed |= UniteExternalIds(record.external_ids(), known.mutable_external_ids());
  return changed;
}

void AddToNothing(Contact& record) {
  ClearOutputOnly(record);
  DropRepetitions(*record.mutable_all_emails(), &UniteEmails);
  DropRepetitions(*record.mutable_segments(), &UniteLabels<Segment>);
  DropRepetitions(*record.mutable_tags(), &UniteLabels<Tag>);
  DropRepetitions(*record.mutable_external_ids(), &UniteExternalIds);
  AddPrimaryToAllEmails(record);
  if (record.has_organization()) {
    OrganizationSummary& organization = *record.mutable_organization();
    ClearUnknownFields(organization);
    if (IsEmpty(organization.location())) organization.clear_location();
    if (IsEmpty(organization)) record.clear_organization();
  }
  for (const Network& network : Networks()) {
    if (!(record.*network.has_profile)()) continue;
    SocialProfile& profile = *(record.*network.mutable_profile)();
    ClearUnknownFields(profile);
    if (IsEmpty(profile)) (record.*network.clear_profile)();
  }
  if (record.lead_score() == 0) record.clear_lead_score();  // also of -0
}

bool AddSighting(const Sighting& sighting, Contact& known) {
  const auto seen = SightingOrder(sighting.seen_time(), sighting.source());
  bool changed = false;
  if (!known.has_first_seen_time() ||
      seen < SightingOrder(known.first_seen_time(), known.first_seen_signal())) {
    *known.mutable_first_seen_time() = sighting.seen_time();
    known.set_first_seen_signal(sighting.source());
    changed = true;
  }
  if (!known.has_last_seen_time() ||
      seen > SightingOrder(known.last_seen_time(), known.last_seen_source())) {
    *known.mutable_last_seen_time() = sighting.seen_time();
    known.set_last_seen_source(sighting.source());
    changed = true;
  }
  return changed;
}

void MergeContacts(const Contact& loser, Contact& winner) {
  // Adding the loser unites the lists in the winner's order; adding the winner again restores every
  // value that the loser has replaced. Its lists without values, which may be long, are there.
  Contact before = winner;
  before.clear_all_emails();
  before.clear_external_ids();
  AddToContact(loser, winner);
  AddToContact(before, winner);
  // Two views of one person are no change of job.
  const Contact& former_title = before.previous_title().empty() ? loser : before;
  winner.set_previous_title(former_title.previous_title());
  const Contact& former = before.has_previous_organization() ? before : loser;
  if (former.has_previous_organization()) {
    *winner.mutable_previous_organization() = former.previous_organization();
  } else {
    winner.clear_previous_organization();
  }
  winner.set_activity_count(before.activity_count() + loser.activity_count());
  Sighting sighting;
  sighting.set_source(loser.first_seen_signal());
  *sighting.mutable_seen_time() = loser.first_seen_time();
  AddSighting(sighting, winner);
  sighting.set_source(loser.last_seen_source());
  *sighting.mutable_seen_time() = loser.last_seen_time();
  AddSighting(sighting, winner);
}

bool HasGaps(const Organization& known) {
  return known.domain().empty() || known.display_name().empty() || IsEmpty(known.location());
}

bool FillOrganization(const OrganizationSummary& summary, Organization& known) {
  bool changed = false;
  if (known.domain().empty()) changed |= Assign(summary.domain(), known.mutable_domain());
  if (known.display_name().empty()) {
    changed |= Assign(summary.display_name(), known.mutable_display_name());
  }
  if (IsEmpty(known.location())) changed |= AssignLocation(summary, known);
  return changed;
}

bool AddToOrganization(const Organization& record, Organization& known) {
  bool changed = Assign(record.display_name(), known.mutable_display_name());
  changed |= Assign(record.domain(), known.mutable_domain());
  changed |= AssignLocation(record, known);
  changed |= Assign(record.logo_url(), known.mutable_logo_url());
  return changed;
}

bool AddToActivity(const Activity& record, Activity& known) {
  bool changed = Assign(record.activity_type(), known.mutable_activity_type());
  changed |= Assign(record.service_name(), known.mutable_service_name());
  changed |= Assign(record.external_id(), known.mutable_external_id());
  if (record.provider_id() != 0 && record.provider_id() != known.provider_id()) {
    known.set_provider_id(record.provider_id());
    changed = true;
  }
  changed |= Assign(record.title(), known.mutable_title());
  changed |= Assign(record.content(), known.mutable_content());
  changed |= Assign(record.external_activity_url(), known.mutable_external_activity_url());
  if (!known.has_occur_time() ||
      SightingOrder(record.occur_time(), "") != SightingOrder(known.occur_time(), "")) {
    *known.mutable_occur_time() = record.occur_time();
    changed = true;
  }
  changed |= AssignList(record.categories(), known.mutable_categories());
  if (record.sentiment() != Activity::SENTIMENT_UNSPECIFIED &&
      record.sentiment() != known.sentiment()) {
    known.set_sentiment(record.sentiment());
    changed = true;
  }
  changed |= AssignList(record.tags(), known.mutable_tags());
  changed |= AssignList(record.topics(), known.mutable_topics());
  return changed;
}

absl::Status CheckSize(const Contact& contact) {
  RETURN_IF_ERROR(CheckListSize("all_emails", contact.all_emails_size()));
  RETURN_IF_ERROR(CheckListSize("segments", contact.segments_size()));
  RETURN_IF_ERROR(CheckListSize("tags", contact.tags_size()));
  RETURN_IF_ERROR(CheckListSize("custom_fields", static_cast<int>(contact.custom_fields_size())));
  RETURN_IF_ERROR(CheckListSize("external_ids", contact.external_ids_size()));
  return CheckBytes(contact.ByteSizeLong());
}

absl::Status CheckSize(const Activity& activity) { return CheckBytes(activity.ByteSizeLong()); }

}  // namespace crier::ingest
