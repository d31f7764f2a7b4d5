// The settings of a service's database.
#ifndef CRIER_COMMON_PG_DATABASE_OPTIONS_H_
#define CRIER_COMMON_PG_DATABASE_OPTIONS_H_

#include "absl/strings/string_view.h"
#include "common/config/options.h"
#include "common/pg/pool.h"

namespace crier::pg {

// Declares the settings `postgres-url`, `-password-file`, `-role` and `-schema` of `service` ("the
// delivery service"), each name beginning with `prefix`. The defaults are what `target` holds.
// Without a prefix the URL is required: with one, whoever starts several services in a process may
// give all of them the same.
void AddDatabaseOptions(config::Options& options, absl::string_view prefix,
                        absl::string_view service, Database* target);

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_DATABASE_OPTIONS_H_
