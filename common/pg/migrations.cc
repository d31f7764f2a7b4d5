#include "common/pg/migrations.h"

#include <optional>
#include <utility>

#include "absl/base/internal/raw_logging.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/pg/migrations_sql.h"
#include "common/pg/sql_error.h"
#include "common/pg/text_format.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::pg {
namespace {

// A step may rewrite a large table, and wait for others who migrate.
constexpr absl::Duration kStepTimeout = absl::Hours(1);

absl::Status NotPermitted(absl::string_view what, absl::string_view remedy) {
  return NamedError(absl::StatusCode::kPermissionDenied, "MIGRATION_NOT_PERMITTED",
                    absl::StrCat("the login may not ", what, "; ", remedy));
}

// `failure`, or the remedy when the login lacked a right. To a role without rights on it, a schema
// looks as if it were missing (3F000).
absl::Status Explain(absl::Status failure, absl::string_view what, absl::string_view remedy) {
  const std::optional<std::string> sqlstate = ErrorMetadata(failure, "sqlstate");
  if (sqlstate == "42501" || sqlstate == "3F000") return NotPermitted(what, remedy);
  return failure;
}

absl::Status EnsureRole(Transaction& transaction, const std::string& role) {
  const std::string remedy = absl::StrCat(
      "run `migrate` as a login with CREATEROLE, or have an administrator create the role ", role,
      " (NOLOGIN) and grant it to this login");
  const std::string name = QuoteIdentifier(role);
  ASSIGN_OR_RETURN(Rows found, transaction.Execute(sql::kFindRole, Params().Add(role)));
  if (found.empty()) {
    // Roles belong to the server, the lock to one database of it: another may be faster.
    const std::string create = absl::StrCat(
        "DO $$ BEGIN CREATE ROLE ", name,
        " NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$");
    RETURN_IF_ERROR(
        Explain(transaction.ExecuteScript(create), absl::StrCat("create the role ", role), remedy));
    ASSIGN_OR_RETURN(found, transaction.Execute(sql::kFindRole, Params().Add(role)));
  }
  const bool may_assume = !found.empty() && found[0].Bool(0);
  if (may_assume) return absl::OkStatus();
  return Explain(transaction.ExecuteScript(absl::StrCat("GRANT ", name, " TO CURRENT_USER")),
                 absl::StrCat("grant itself the role ", role), remedy);
}

absl::Status EnsureSchema(Transaction& transaction, const Database& database) {
  ASSIGN_OR_RETURN(const Rows found,
                   transaction.Execute(sql::kFindSchema, Params().Add(database.schema)));
  if (!found.empty()) return absl::OkStatus();
  const std::string owner = database.role.empty() ? "CURRENT_USER" : QuoteIdentifier(database.role);
  return Explain(transaction.ExecuteScript(absl::StrCat(
                     "CREATE SCHEMA ", QuoteIdentifier(database.schema), " AUTHORIZATION ", owner)),
                 absl::StrCat("create the schema ", database.schema),
                 absl::StrCat("run `migrate` as a login with CREATE on the database, or have an "
                              "administrator create the schema ",
                              database.schema, ", owned by the role ",
                              database.role.empty() ? "of this login" : database.role));
}

// What only the login may do, not the role.
absl::Status EnsureRoleAndSchema(const Database& database) {
  Pool pool({database.url, /*role=*/"", /*schema=*/"", database.password_file}, {/*size=*/1});
  return pool.Run(absl::Now() + kStepTimeout, [&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(transaction.Execute(sql::kLockMigrations).status());
    if (!database.role.empty()) RETURN_IF_ERROR(EnsureRole(transaction, database.role));
    return EnsureSchema(transaction, database);
  });
}

struct Versions {
  int schema = 0;
  int oldest_program = 0;
};

absl::StatusOr<Versions> GetVersions(Transaction& transaction) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(sql::kGetVersions));
  return Versions{rows[0].Int32(0), rows[0].Int32(1)};
}

absl::StatusOr<int> GetOrStartVersion(Transaction& transaction, const std::string& schema) {
  ASSIGN_OR_RETURN(const Rows table,
                   transaction.Execute(sql::kFindVersionTable, Params().Add(schema)));
  if (table.empty()) RETURN_IF_ERROR(transaction.ExecuteScript(sql::kCreateVersionTable));
  ASSIGN_OR_RETURN(const Versions versions, GetVersions(transaction));
  return versions.schema;
}

absl::Status TooNew(const std::string& schema, int version, int known) {
  return NamedError(
      absl::StatusCode::kFailedPrecondition, "SCHEMA_TOO_NEW",
      absl::StrCat("the schema ", schema, " has version ", version, ", this program knows ", known,
                   "; use a newer release of the program"));
}

// 0 and 0 for a schema that was never migrated.
absl::StatusOr<Versions> FindVersions(Pool& pool, absl::Time deadline) {
  Versions versions;
  const absl::Status status = pool.Read(deadline, [&](Transaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(versions, GetVersions(transaction));
    return absl::OkStatus();
  });
  if (ErrorReason(status) == kSchemaMissing) return Versions();
  RETURN_IF_ERROR(status);
  return versions;
}

// Makes the next step that is missing, if any; `done` says whether it was the last.
absl::Status Step(Transaction& transaction, const Database& database,
                  const std::vector<Migration>& migrations, bool* done) {
  RETURN_IF_ERROR(transaction.Execute(sql::kLockMigrations).status());
  ASSIGN_OR_RETURN(const int version, GetOrStartVersion(transaction, database.schema));
  const int last = static_cast<int>(migrations.size());
  if (version > last) return TooNew(database.schema, version, last);
  *done = version == last;
  if (*done) return absl::OkStatus();

  const Migration& next = migrations[version];
  RETURN_IF_ERROR(transaction.ExecuteScript(next.sql));
  RETURN_IF_ERROR(transaction
                      .Execute(sql::kAddVersion,
                               Params().Add(next.version).Add(next.name).Add(next.oldest_program))
                      .status());
  *done = version + 1 == last;
  return absl::OkStatus();
}

void CheckVersions(const std::vector<Migration>& migrations) {
  for (size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].version == static_cast<int>(i) + 1) continue;
    ABSL_RAW_LOG(FATAL, "migration %s has version %d in place %d", migrations[i].name,
                 migrations[i].version, static_cast<int>(i) + 1);
  }
}

}  // namespace

absl::Status Migrate(const Database& database, const std::vector<Migration>& migrations) {
  CheckVersions(migrations);
  RETURN_IF_ERROR(EnsureRoleAndSchema(database));
  Pool pool(database, {/*size=*/1});
  for (bool done = false; !done;) {
    const absl::Status status = pool.Run(absl::Now() + kStepTimeout, [&](Transaction& transaction) {
      return Step(transaction, database, migrations, &done);
    });
    RETURN_IF_ERROR(Explain(
        status, absl::StrCat("change the schema ", database.schema),
        absl::StrCat("have an administrator make the role ",
                     database.role.empty() ? "of this login" : database.role, " its owner")));
  }
  return absl::OkStatus();
}

absl::Status CheckSchema(Pool& pool, int known, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Versions versions, FindVersions(pool, deadline));
  const std::string& schema = pool.database().schema;
  if (versions.oldest_program > known) return TooNew(schema, versions.schema, known);
  if (versions.schema >= known) return absl::OkStatus();
  return NamedError(absl::StatusCode::kFailedPrecondition, kSchemaMissing,
                    absl::StrCat("the schema ", schema, " has version ", versions.schema,
                                 ", version ", known, " is needed; run the `migrate` command"));
}

}  // namespace crier::pg
