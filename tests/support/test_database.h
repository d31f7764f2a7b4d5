// A Postgres for tests: schemas of their own in the server that CRIER_TEST_POSTGRES_URL names.
#ifndef CRIER_TESTS_SUPPORT_TEST_DATABASE_H_
#define CRIER_TESTS_SUPPORT_TEST_DATABASE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"
#include "common/pg/transaction.h"

namespace crier::tests {

// Gives out schemas and roles with unique names, so that tests run side by side, and drops them in
// its destructor; keep it alive longer than the pools. The login of the URL must be a superuser.
// Without CRIER_TEST_POSTGRES_URL, or with a server that is away, the process ends with a message
// that says what to do: such tests are never skipped. Not thread-safe.
class TestDatabase {
 public:
  TestDatabase();
  ~TestDatabase();

  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  // The URL of the server.
  const std::string& url() const { return url_; }

  // An empty schema, used as the login itself.
  pg::Database NewSchema();

  // The name of a schema that does not exist: for Migrate to make. `role` may be empty or a
  // NewRoleName(); Migrate makes it as well.
  pg::Database NewSchemaName(absl::string_view role = "");

  // The name of a role that does not exist.
  std::string NewRoleName();

  // Runs SQL as the login, in a transaction of its own; with a `database`, in its schema (and still
  // as the login). Either one statement, or a script (recognised by a `;`), which yields no rows.
  // Ends the process when the SQL fails: it is set-up, not what is tested.
  pg::Rows Run(absl::string_view sql);
  pg::Rows Run(const pg::Database& database, absl::string_view sql);

  // As Run(), for SQL that may fail.
  absl::StatusOr<pg::Rows> TryRun(const pg::Database& database, absl::string_view sql);

  // A deadline that only a test that hangs will reach.
  static absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

 private:
  std::string UniqueName(absl::string_view prefix);

  std::string url_;
  std::string run_;  // distinguishes this object from all others that use the server
  int names_ = 0;
  std::vector<std::string> schemas_;
  std::vector<std::string> roles_;
  std::unique_ptr<pg::Pool> pool_;
};

// Waits until another session waits for a lock that this transaction has, so that what comes next
// happens in the middle of what the other is doing. False when nobody comes to wait.
bool AwaitBlocked(pg::Transaction& transaction);

}  // namespace crier::tests

#endif  // CRIER_TESTS_SUPPORT_TEST_DATABASE_H_
