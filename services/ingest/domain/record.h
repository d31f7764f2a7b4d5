// What callers report: records in normal form, ready to be reconciled with what is known.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_RECORD_H_
#define CRIER_SERVICES_INGEST_DOMAIN_RECORD_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "crier/entity/v1/activity.pb.h"
#include "crier/entity/v1/contact.pb.h"
#include "crier/entity/v1/organization.pb.h"

namespace crier::ingest {

// A contact, and where and when it was seen. A sighting without a time happened when the record is
// accepted.
struct ContactRecord {
  entity::v1::Contact contact;
  std::vector<entity::v1::Sighting> sightings;
};

struct OrganizationRecord {
  entity::v1::Organization organization;
};

// An activity without its contact, and the record of its contact.
struct ActivityRecord {
  entity::v1::Activity activity;
  ContactRecord contact;
};

struct Record {
  int64_t community = 0;
  std::variant<ContactRecord, OrganizationRecord, ActivityRecord> content;
  // Of the call that it came with, for its events; empty when there is none.
  std::string traceparent = {};
};

// What became of a record that was stored.
struct Ingested {
  enum class Outcome { kCreated, kUpdated, kUnchanged };

  std::string name;  // resource name of the contact, organization or activity
  Outcome outcome = Outcome::kUnchanged;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_RECORD_H_
