// Brings what callers sent into normal form. The input has passed validation.h.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_RECORDS_NORMALIZE_H_
#define CRIER_SERVICES_INGEST_DOMAIN_RECORDS_NORMALIZE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "crier/entity/v1/activity.pb.h"
#include "crier/entity/v1/contact.pb.h"
#include "crier/entity/v1/organization.pb.h"
#include "services/ingest/domain/records/record.h"

namespace crier::ingest {

// Contacts and activities are changed in place.

// Output-only fields cleared, addresses and handles clean, `primary_email` among `all_emails`,
// names of labels trimmed, no duplicates in lists. The domain of the organization is its
// registrable domain, or cleared when that belongs to a provider of mailboxes; what is no domain at
// all stays as it is, but trimmed and in lower case.
ContactRecord Normalize(int64_t community, std::shared_ptr<entity::v1::Contact> contact,
                        std::vector<entity::v1::Sighting> sightings);

// Output-only fields cleared, the domain as its registrable domain.
OrganizationRecord Normalize(entity::v1::Organization organization);

// Output-only fields cleared; the contact as seen in the activity's service at the time of the
// activity.
ActivityRecord Normalize(int64_t community, std::shared_ptr<entity::v1::Activity> activity);

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_RECORDS_NORMALIZE_H_
