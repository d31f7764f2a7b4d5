// How what a record says is added to what is known. Pure functions; each tells whether it changed
// what is known. Contacts and records are in normal form.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_MERGE_H_
#define CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_MERGE_H_

#include <string>

#include "absl/status/status.h"
#include "crier/entity/v1/activity.pb.h"
#include "crier/entity/v1/contact.pb.h"
#include "crier/entity/v1/organization.pb.h"

namespace crier::ingest {

// Fields that `record` leaves empty stay; others replace what is known; lists and custom fields
// unite, segments and tags by id, where the record's name wins, or by name while they have no id. A
// profile with another handle is another account and replaces the known one; with the same handle
// (in whatever case) it adds to it. Another organization, by its domain or, where neither has one,
// by its name, replaces the known one. Title and organization that are replaced are kept as the
// previous ones. Output-only fields of the record play no part.
bool AddToContact(const entity::v1::Contact& record, entity::v1::Contact& known);

// Makes of a contact, in place, what AddToContact() would make of nothing by it: without what is
// output-only, repetitions in lists, and messages that say nothing.
void AddToNothing(entity::v1::Contact& record);

// Notes that the contact was seen. The first and the last sighting are the least and the greatest
// by time and then by source, so that the order of arrival does not matter.
bool AddSighting(const entity::v1::Sighting& sighting, entity::v1::Contact& known);

// Two contacts turn out to be one person: what `winner` knows stays, the gaps are filled from
// `loser`, lists unite, sightings are compared, activities are counted together. Ids and times of
// creation stay the winner's.
void MergeContacts(const entity::v1::Contact& loser, entity::v1::Contact& winner);

// The parts of AddToContact that a masked update needs before `known` takes on what is next.
void KeepFormerTitle(const std::string& next, entity::v1::Contact& known);
void KeepFormerOrganization(const entity::v1::OrganizationSummary& next,
                            entity::v1::Contact& known);

// What a contact says of its organization fills gaps, and never replaces what is known.
bool HasGaps(const entity::v1::Organization& known);
bool FillOrganization(const entity::v1::OrganizationSummary& summary,
                      entity::v1::Organization& known);

// Fields that `record` leaves empty stay; others replace what is known.
bool AddToOrganization(const entity::v1::Organization& record, entity::v1::Organization& known);

// Fields that `record` leaves empty stay; others replace what is known, lists as a whole: an edit
// that takes a tag off is an edit.
bool AddToActivity(const entity::v1::Activity& record, entity::v1::Activity& known);

// ENTITY_TOO_LARGE when a list has outgrown 1,000 elements or the whole 256 KiB.
absl::Status CheckSize(const entity::v1::Contact& contact);
absl::Status CheckSize(const entity::v1::Activity& activity);

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_MERGE_H_
