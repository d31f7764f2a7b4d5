// What connections are opened with. Internal to common/pg.
#ifndef CRIER_COMMON_PG_CONNECTION_SETTINGS_H_
#define CRIER_COMMON_PG_CONNECTION_SETTINGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"

namespace crier::pg {

// The operator's URL as a libpq key-value string, completed with our defaults where it is silent:
// dead peers are noticed within about 20 s, of several hosts the one that takes writes is chosen.
// INVALID_ARGUMENT, without quoting any of it, when the URL is malformed.
absl::StatusOr<std::string> ConnectionString(const Database& database,
                                             absl::Duration connect_timeout);

// The SQL that a session of `database` begins with, apart from SET ROLE. `by_index_only` as in
// PoolOptions.
std::string SessionSetup(const Database& database, bool by_index_only);

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_CONNECTION_SETTINGS_H_
