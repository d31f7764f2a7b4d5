// Schema versions: migrations are embedded in the binary and run by its `migrate` subcommand.
#ifndef CRIER_COMMON_PG_MIGRATIONS_H_
#define CRIER_COMMON_PG_MIGRATIONS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/pg/pool.h"

namespace crier::pg {

// One step of a schema; versions count from 1 without gaps. Never edited once released.
struct Migration {
  int version;
  const char* name;
  const char* sql;
  // A step that takes away what older programs need says the least version that a program must know
  // to work with the schema from then on. 0: every program that could before still can.
  int oldest_program = 0;
};

// Brings the schema of `database` to the last of `migrations`, each in a transaction of its own,
// under an advisory lock so that any number of processes may try at once. Creates the role
// (NOLOGIN, granted to the login) and the schema (owned by the role) where they are missing. Does
// nothing when the schema is up to date. FAILED_PRECONDITION when the schema is newer than
// `migrations`; PERMISSION_DENIED, with the remedy, when the login may not create what is missing.
absl::Status Migrate(const Database& database, const std::vector<Migration>& migrations);

// OK when a program that knows version `known` can work with the schema; FAILED_PRECONDITION, with
// the remedy, when the schema is missing or older (SCHEMA_MISSING), or newer (SCHEMA_TOO_NEW) and
// without what such a program needs. Any other newer one is fine: migrations expand before they
// contract. UNAVAILABLE when the database is away.
absl::Status CheckSchema(Pool& pool, int known, absl::Time deadline);

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_MIGRATIONS_H_
