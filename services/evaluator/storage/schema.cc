#include "services/evaluator/storage/schema.h"

#include "common/pg/lease_store.h"
#include "crier_evaluator_migrations.h"

namespace crier::evaluator::storage {

const std::vector<pg::Migration>& SchemaMigrations() {
  static const auto* const migrations = [] {
    auto* const all = new std::vector<pg::Migration>{{1, "leases", pg::kLeaseTablesSql}};
    for (pg::Migration migration : Migrations()) {
      migration.version = static_cast<int>(all->size()) + 1;
      all->push_back(migration);
    }
    return all;
  }();
  return *migrations;
}

int SchemaVersion() { return SchemaMigrations().back().version; }

}  // namespace crier::evaluator::storage
