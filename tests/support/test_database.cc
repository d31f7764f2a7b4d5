#include "tests/support/test_database.h"

#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace crier::tests {
namespace {

[[noreturn]] void Fail(absl::string_view message) {
  absl::FPrintF(stderr, "\nTestDatabase: %s\n", message);
  std::fflush(stderr);
  std::_Exit(EXIT_FAILURE);
}

std::string UrlFromEnvironment() {
  const char* const url = std::getenv("CRIER_TEST_POSTGRES_URL");
  if (url == nullptr || *url == '\0') {
    Fail(
        "CRIER_TEST_POSTGRES_URL is not set. Run the test through ./tools/test, which starts a "
        "Postgres, or set it to the URL of a superuser of a Postgres for tests.");
  }
  return url;
}

// Unpredictable, so that test processes on several machines can share a server.
std::string RandomName() {
  std::random_device random;
  return absl::StrFormat("%08x%08x", random(), random());
}

std::string Quoted(absl::string_view identifier) { return absl::StrCat("\"", identifier, "\""); }

}  // namespace

TestDatabase::TestDatabase()
    : url_(UrlFromEnvironment()),
      run_(RandomName()),
      pool_(std::make_unique<pg::Pool>(pg::Database{url_, "", ""}, pg::PoolOptions{1})) {
  Run("SELECT 1");
}

TestDatabase::~TestDatabase() {
  for (const std::string& schema : schemas_) {
    Run(absl::StrCat("DROP SCHEMA IF EXISTS ", Quoted(schema), " CASCADE"));
  }
  for (const std::string& role : roles_) {
    const bool exists =
        !Run(absl::StrCat("SELECT FROM pg_roles WHERE rolname = '", role, "'")).empty();
    if (exists) Run(absl::StrCat("DROP OWNED BY ", Quoted(role), "; DROP ROLE ", Quoted(role)));
  }
}

pg::Database TestDatabase::NewSchema() {
  pg::Database database = NewSchemaName();
  Run(absl::StrCat("CREATE SCHEMA ", Quoted(database.schema)));
  return database;
}

pg::Database TestDatabase::NewSchemaName(absl::string_view role) {
  schemas_.push_back(UniqueName("test"));
  return {url_, std::string(role), schemas_.back()};
}

std::string TestDatabase::NewRoleName() {
  roles_.push_back(UniqueName("test_role"));
  return roles_.back();
}

pg::Rows TestDatabase::Run(absl::string_view sql) { return Run(pg::Database{}, sql); }

pg::Rows TestDatabase::Run(const pg::Database& database, absl::string_view sql) {
  absl::StatusOr<pg::Rows> rows = TryRun(database, sql);
  if (!rows.ok()) Fail(absl::StrCat(rows.status().ToString(), "\nin: ", sql));
  return *std::move(rows);
}

absl::StatusOr<pg::Rows> TestDatabase::TryRun(const pg::Database& database, absl::string_view sql) {
  absl::StatusOr<pg::Rows> rows = absl::InternalError("not run");
  const absl::Status status = pool_->Run(Deadline(), [&](pg::Transaction& transaction) {
    if (!database.schema.empty()) {
      const absl::Status set = transaction.ExecuteScript(
          absl::StrCat("SET LOCAL search_path TO ", Quoted(database.schema)));
      if (!set.ok()) return set;
    }
    // Several statements at once go only without parameters and rows; a single one may have both.
    const bool script = sql.find(';') != absl::string_view::npos;
    if (script) {
      rows = pg::Rows();
      return transaction.ExecuteScript(sql);
    }
    rows = transaction.ExecuteDynamic(sql);
    return rows.status();
  });
  if (!status.ok()) return status;
  return rows;
}

std::string TestDatabase::UniqueName(absl::string_view prefix) {
  return absl::StrCat(prefix, "_", run_, "_", ++names_);
}

bool AwaitBlocked(pg::Transaction& transaction) {
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (absl::Now() < deadline) {
    const auto blocked = transaction.ExecuteDynamic(
        "SELECT FROM pg_locks"
        " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))");
    if (!blocked.ok()) return false;
    if (!blocked->empty()) return true;
    std::this_thread::yield();
  }
  return false;
}

}  // namespace crier::tests
