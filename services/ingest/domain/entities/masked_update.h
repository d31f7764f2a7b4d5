// Updates with a mask: the caller says which fields are to be exactly as in the record.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_MASKED_UPDATE_H_
#define CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_MASKED_UPDATE_H_

#include <set>
#include <string>
#include <vector>

#include "crier/entity/v1/activity.pb.h"
#include "crier/entity/v1/contact.pb.h"
#include "crier/entity/v1/organization.pb.h"

namespace crier::ingest {

// Top-level fields that a mask may name: all that a caller can set and that are not what the entity
// is found by.
const std::vector<std::string>& MaskableContactFields();
const std::vector<std::string>& MaskableOrganizationFields();
const std::vector<std::string>& MaskableActivityFields();

// Each makes the fields of the mask, which is not empty, what they are in `record`: replaced, lists
// and maps as a whole, or cleared. Other fields stay. Pure; each tells whether it changed `known`.
//
// What identifies the contact is added all the same: e-mail addresses and external ids unite, and a
// handle fills a profile that has none; the record was found by them. `primary_email` remains among
// `all_emails`.
bool ReplaceInContact(const entity::v1::Contact& record, const std::set<std::string>& mask,
                      entity::v1::Contact& known);
bool ReplaceInOrganization(const entity::v1::Organization& record,
                           const std::set<std::string>& mask, entity::v1::Organization& known);
bool ReplaceInActivity(const entity::v1::Activity& record, const std::set<std::string>& mask,
                       entity::v1::Activity& known);

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_ENTITIES_MASKED_UPDATE_H_
