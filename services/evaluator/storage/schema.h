// The schema of the evaluator.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_SCHEMA_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_SCHEMA_H_

#include <vector>

#include "common/pg/migrations.h"

namespace crier::evaluator::storage {

// All steps: the tables of leases, then the files in migrations/.
const std::vector<pg::Migration>& SchemaMigrations();

// The version that this binary needs.
int SchemaVersion();

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_SCHEMA_H_
