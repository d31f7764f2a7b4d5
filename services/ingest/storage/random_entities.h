// Entities and filters made at random, for tests that compare two ways of evaluating them.
#ifndef CRIER_SERVICES_INGEST_STORAGE_RANDOM_ENTITIES_H_
#define CRIER_SERVICES_INGEST_STORAGE_RANDOM_ENTITIES_H_

#include <random>
#include <string>

#include "absl/time/time.h"
#include "common/filter/schema.h"
#include "crier/entity/v1/activity.pb.h"
#include "crier/entity/v1/contact.pb.h"
#include "crier/entity/v1/organization.pb.h"

namespace crier::ingest::storage {

// Texts, numbers and times come from small sets of awkward ones, so that comparisons often hold and
// often just fail. What identifies an entity ends in its number, so that no two are the same.
entity::v1::Contact RandomContact(std::mt19937& random, int number, absl::Time now);
entity::v1::Organization RandomOrganization(std::mt19937& random, int number, absl::Time now);
// Without a contact.
entity::v1::Activity RandomActivity(std::mt19937& random, int number, absl::Time now);

// A well-formed filter over the fields of the schema; `entities` is how many numbers there are.
std::string RandomFilter(std::mt19937& random, const filter::Schema& schema, int entities,
                         absl::Time now);

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_RANDOM_ENTITIES_H_
