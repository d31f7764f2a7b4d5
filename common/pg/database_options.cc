#include "common/pg/database_options.h"

#include "absl/strings/str_cat.h"

namespace crier::pg {

void AddDatabaseOptions(config::Options& options, absl::string_view prefix,
                        absl::string_view service, Database* target) {
  options.Add(absl::StrCat(prefix, "postgres-url"), &target->url,
              absl::StrCat("Postgres of ", service, ", as a libpq URL."));
  options.Secret();
  if (prefix.empty()) options.Required();
  options.Add(absl::StrCat(prefix, "postgres-password-file"), &target->password_file,
              "File with the password for postgres-url, read anew for every connection. Empty: the "
              "URL says all.");
  options.Add(absl::StrCat(prefix, "postgres-role"), &target->role,
              "Role that owns the schema; `migrate` creates it. Empty: the login itself.");
  options.Add(absl::StrCat(prefix, "postgres-schema"), &target->schema,
              absl::StrCat("Schema of ", service, "; `migrate` creates it."));
  options.Required();
}

}  // namespace crier::pg
