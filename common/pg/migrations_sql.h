// SQL of Migrate. Internal to common/pg.
#ifndef CRIER_COMMON_PG_MIGRATIONS_SQL_H_
#define CRIER_COMMON_PG_MIGRATIONS_SQL_H_

#include "common/pg/transaction.h"

namespace crier::pg::sql {

// One lock for all schemas of a database, because making a role is not a matter of one schema. Held
// until the transaction ends. The number is arbitrary; it spells `crier`.
constexpr Statement kLockMigrations{"lock_migrations",
                                    "SELECT pg_advisory_xact_lock(x'6372696572'::bigint)"};

// Whether the role exists, and whether the login may assume it. Since version 16 a login can be a
// member of a role without the right to assume it.
constexpr Statement kFindRole{"find_role", R"sql(
  SELECT pg_has_role(
           oid,
           CASE WHEN current_setting('server_version_num')::int >= 160000
                THEN 'SET' ELSE 'MEMBER' END)
  FROM pg_roles WHERE rolname = $1)sql"};

constexpr Statement kFindSchema{"find_schema", "SELECT FROM pg_namespace WHERE nspname = $1"};

constexpr Statement kFindVersionTable{"find_version_table", R"sql(
  SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'schema_migrations')sql"};

constexpr char kCreateVersionTable[] = R"sql(
  CREATE TABLE schema_migrations (
    version        integer     PRIMARY KEY,
    name           text        NOT NULL,
    oldest_program integer     NOT NULL,
    applied_time   timestamptz NOT NULL DEFAULT now()
  ))sql";

constexpr Statement kGetVersions{"get_versions", R"sql(
  SELECT coalesce(max(version), 0), coalesce(max(oldest_program), 0) FROM schema_migrations)sql"};

constexpr Statement kAddVersion{"add_version", R"sql(
  INSERT INTO schema_migrations (version, name, oldest_program) VALUES ($1, $2, $3))sql"};

}  // namespace crier::pg::sql

#endif  // CRIER_COMMON_PG_MIGRATIONS_SQL_H_
