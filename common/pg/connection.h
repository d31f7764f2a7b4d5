// One connection to Postgres. Internal to common/pg; C++17, as it needs <pqxx/…>.
#ifndef CRIER_COMMON_PG_CONNECTION_H_
#define CRIER_COMMON_PG_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/pg/pool.h"
#include "common/pg/sql_error.h"
#include "common/pg/transaction.h"

namespace crier::pg {

// Runs transactions, one at a time. Once broken, it stays so and is to be thrown away: libpqxx's
// silent reconnecting, which would lose the session's settings in the middle of work, is off.
// Not thread-safe.
class Connection {
 public:
  // How a transaction ended.
  struct Outcome {
    absl::Status status;
    // The transaction was rolled back because it met another: repeat it from the start.
    bool conflict = false;
    // Broke when nothing was done yet that would be done twice on another connection.
    bool nothing_done = false;
  };

  // Connects. UNAVAILABLE when the database is away; INVALID_ARGUMENT when the URL is malformed.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const Database& database,
                                                          absl::Duration connect_timeout);

  // Assumes the role and makes the settings of the session; once, before the first Run().
  // FAILED_PRECONDITION when the role is missing.
  absl::Status SetUp(const Database& database, bool by_index_only);

  // Runs `work` between BEGIN and COMMIT, or ROLLBACK when it fails.
  Outcome Run(absl::Time deadline, absl::FunctionRef<absl::Status(Transaction&)> work);

  // Runs `work` without: each of its statements is a read-only transaction of its own.
  Outcome Read(absl::Time deadline, absl::FunctionRef<absl::Status(Transaction&)> work);

  bool broken() const { return broken_ || !connection_.is_open(); }

  // For the watchdog.
  int socket() const { return connection_.sock(); }

 private:
  friend class Transaction;

  explicit Connection(const std::string& connection_string);

  // Runs `call` and turns its exceptions into a failure of `statement` (empty when it has no name).
  std::optional<SqlFailure> Try(const char* statement, absl::FunctionRef<pqxx::result()> call,
                                pqxx::result* result);

  // As Try(), for our own commands, which have no result.
  std::optional<SqlFailure> Command(pqxx::nontransaction& session, const std::string& sql);

  void Prepare(const Statement& statement);

  // What is known of a composite type; 0 is nothing yet.
  uint32_t& RowTypeOid(const std::string& name) { return row_types_[name]; }

  // Makes the object that statements go through; sends nothing.
  std::optional<SqlFailure> BeginSession(std::optional<pqxx::nontransaction>& session);
  std::optional<SqlFailure> Begin(pqxx::nontransaction& session, int64_t timeout_millis);
  // Outside of a transaction.
  std::optional<SqlFailure> SetTimeout(pqxx::nontransaction& session, int64_t timeout_millis);
  Outcome CannotBegin(const SqlFailure& failure, absl::Time deadline);
  // Its outcome as far as it goes without a commit.
  Outcome Work(pqxx::nontransaction& session, absl::Time deadline,
               absl::FunctionRef<absl::Status(Transaction&)> work);
  Outcome Commit(pqxx::nontransaction& session, int64_t timeout_millis);
  void Rollback(pqxx::nontransaction& session);

  pqxx::connection connection_;
  bool broken_ = false;
  // What the session's statement_timeout is, when we have set it.
  std::optional<int64_t> timeout_millis_;
  // Name → text of what was prepared.
  absl::flat_hash_map<std::string, std::string> prepared_;
  absl::flat_hash_map<std::string, uint32_t> row_types_;
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_CONNECTION_H_
