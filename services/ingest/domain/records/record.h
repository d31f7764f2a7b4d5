// What callers report: records in normal form, ready to be reconciled with what is known.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_RECORDS_RECORD_H_
#define CRIER_SERVICES_INGEST_DOMAIN_RECORDS_RECORD_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "crier/entity/v1/activity.pb.h"
#include "crier/entity/v1/contact.pb.h"
#include "crier/entity/v1/organization.pb.h"
#include "services/ingest/domain/entities/identity.h"

namespace crier::ingest {

// The top-level fields of an entity that are to be exactly as in the record (masked_update.h).
// Empty when the record adds to what is known. It says nothing of an entity that is yet to be
// created.
using Mask = std::set<std::string>;

// A contact, and where and when it was seen. A sighting without a time happened when the record is
// accepted.
struct ContactRecord {
  // Part of the request that it came with, which lives as long: so nothing is copied on the way.
  std::shared_ptr<const entity::v1::Contact> contact;
  std::vector<Identity> identities;  // IdentitiesOf() the contact
  std::vector<entity::v1::Sighting> sightings;
  Mask mask = {};
  // `contact.organization.domain` is the domain of an organization, which is found by it.
  bool names_organization = false;
};

struct OrganizationRecord {
  entity::v1::Organization organization;
  Mask mask = {};
};

// An activity and the record of its contact, which is the one that the activity has.
struct ActivityRecord {
  std::shared_ptr<const entity::v1::Activity> activity;  // as above
  ContactRecord contact;
  Mask mask = {};  // of the activity
};

// That contacts are one person, says somebody who knows: two or more ids.
struct MergeRecord {
  std::vector<int64_t> contacts;
};

// By what a caller recognises its own request when it repeats it.
struct RequestId {
  // Hash of what the caller has chosen; empty: it will not be repeated, or does not matter.
  std::string id;
  std::string fingerprint;  // hash of everything else in the request
};

struct Record {
  int64_t community = 0;
  std::variant<ContactRecord, OrganizationRecord, ActivityRecord, MergeRecord> content;
  RequestId request = {};
  // Of the call that it came with, for its events; empty when there is none.
  std::string traceparent = {};
};

// What became of a record that was stored.
struct Ingested {
  enum class Outcome { kCreated, kUpdated, kUnchanged };

  std::string name;  // resource name of the contact, organization or activity
  Outcome outcome = Outcome::kUnchanged;
  std::shared_ptr<const entity::v1::Contact> winner = nullptr;  // of a MergeRecord only
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_RECORDS_RECORD_H_
