// What callers may send. Each function adds what is wrong under the path that the caller knows,
// beginning with `field`; input without violations can be normalised (normalize.h).
#ifndef CRIER_SERVICES_INGEST_DOMAIN_RECORDS_VALIDATION_H_
#define CRIER_SERVICES_INGEST_DOMAIN_RECORDS_VALIDATION_H_

#include "absl/strings/string_view.h"
#include "common/status/errors.h"
#include "crier/entity/v1/activity.pb.h"
#include "crier/entity/v1/contact.pb.h"
#include "crier/entity/v1/organization.pb.h"
#include "google/protobuf/repeated_field.h"

namespace crier::ingest {

void CheckContact(absl::string_view field, const entity::v1::Contact& contact,
                  FieldViolations& violations);

void CheckSightings(absl::string_view field,
                    const google::protobuf::RepeatedPtrField<entity::v1::Sighting>& sightings,
                    FieldViolations& violations);

void CheckOrganization(absl::string_view field, const entity::v1::Organization& organization,
                       FieldViolations& violations);

void CheckActivity(absl::string_view field, const entity::v1::Activity& activity,
                   FieldViolations& violations);

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_RECORDS_VALIDATION_H_
