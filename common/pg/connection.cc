#include "common/pg/connection.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/base/internal/raw_logging.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/pg/connection_settings.h"
#include "common/pg/text_format.h"
#include "common/pg/transaction_impl.h"

namespace crier::pg {
namespace {

template <typename Exception>
bool Is(const std::exception& exception) {
  return dynamic_cast<const Exception*>(&exception) != nullptr;
}

// The failure inside of an exception of libpqxx 6. Its hierarchy has traps: deadlocks and
// serialisation failures are no sql_error and carry no SQLSTATE, insufficient_privilege forgets its
// own, and a dead socket may be a broken_connection or an sql_error without one.
SqlFailure FailureIn(const std::exception& exception) {
  if (Is<pqxx::statement_completion_unknown>(exception)) return {"40003", "", ""};
  if (Is<pqxx::deadlock_detected>(exception)) return {"40P01", "", ""};
  if (Is<pqxx::serialization_failure>(exception)) return {"40001", "", ""};
  if (Is<pqxx::transaction_rollback>(exception)) return {"40000", "", ""};
  if (Is<pqxx::too_many_connections>(exception)) return {"53300", "", ""};
  if (Is<pqxx::insufficient_privilege>(exception)) return {"42501", "", ""};
  if (Is<pqxx::broken_connection>(exception)) return {"", "", ""};
  if (const auto* error = dynamic_cast<const pqxx::sql_error*>(&exception)) {
    return {error->sqlstate(), error->what(), ""};
  }
  return {"XX000", "", ""};  // misuse of the library, or no memory: ours to find in the metadata
}

// How long the server may work on a statement; 0 is without limit. Rounded, by less than the
// watchdog's grace, so that those who ask for about the same find it set: up, but for what two
// clocks may differ by.
int64_t StatementTimeoutMillis(absl::Time deadline) {
  static constexpr absl::Duration kGrain = absl::Milliseconds(100);
  static constexpr absl::Duration kSlack = absl::Milliseconds(10);
  if (deadline == absl::InfiniteFuture()) return 0;
  const absl::Duration left = deadline - absl::Now() - kSlack;
  const int64_t millis = absl::ToInt64Milliseconds(absl::Ceil(left, kGrain));
  return std::clamp<int64_t>(millis, 1, std::numeric_limits<int32_t>::max());
}

std::string TimeoutSetting(int64_t millis) {
  return absl::StrCat("SET statement_timeout TO ", millis);
}

}  // namespace

Connection::Connection(const std::string& connection_string) : connection_(connection_string) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"  // gone in libpqxx 7, vital in 6
  connection_.inhibit_reactivation(true);
#pragma clang diagnostic pop
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const Database& database,
                                                             absl::Duration connect_timeout) {
  const auto connection_string = ConnectionString(database, connect_timeout);
  if (!connection_string.ok()) return connection_string.status();

  try {
    return std::unique_ptr<Connection>(new Connection(*connection_string));
  } catch (const std::exception& exception) {
    return ConnectError(exception.what());
  }
}

absl::Status Connection::SetUp(const Database& database, bool by_index_only) {
  std::optional<pqxx::nontransaction> session;
  if (const auto failure = BeginSession(session)) return ToStatus(*failure);
  if (!database.role.empty()) {
    const auto failure =
        Command(*session, absl::StrCat("SET ROLE ", QuoteIdentifier(database.role)));
    const bool refused = failure && (failure->sqlstate == "22023" || failure->sqlstate == "42501");
    if (refused) return RoleError(database.role);
    if (failure) return ToStatus(*failure);
  }
  const auto failure = Command(*session, SessionSetup(database, by_index_only));
  return failure ? ToStatus(*failure) : absl::OkStatus();
}

Connection::Outcome Connection::Run(absl::Time deadline,
                                    absl::FunctionRef<absl::Status(Transaction&)> work) {
  std::optional<pqxx::nontransaction> session;
  const int64_t timeout_millis = StatementTimeoutMillis(deadline);
  auto failure = BeginSession(session);
  if (!failure) failure = Begin(*session, timeout_millis);
  if (failure) return CannotBegin(*failure, deadline);
  Outcome outcome = Work(*session, deadline, work);
  if (outcome.status.ok()) return Commit(*session, timeout_millis);
  Rollback(*session);
  return outcome;
}

Connection::Outcome Connection::Read(absl::Time deadline,
                                     absl::FunctionRef<absl::Status(Transaction&)> work) {
  std::optional<pqxx::nontransaction> session;
  auto failure = BeginSession(session);
  if (!failure) failure = SetTimeout(*session, StatementTimeoutMillis(deadline));
  if (failure) return CannotBegin(*failure, deadline);
  Outcome outcome = Work(*session, deadline, work);
  outcome.nothing_done = broken() && absl::Now() < deadline;
  return outcome;
}

Connection::Outcome Connection::CannotBegin(const SqlFailure& failure, absl::Time deadline) {
  broken_ = true;
  if (absl::Now() >= deadline) return {DeadlineError("the database did not answer in time")};
  return {ToStatus(failure), IsConflict(failure), /*nothing_done=*/true};
}

Connection::Outcome Connection::Work(pqxx::nontransaction& session, absl::Time deadline,
                                     absl::FunctionRef<absl::Status(Transaction&)> work) {
  Transaction::Impl state{*this, session, deadline, absl::OkStatus(), /*conflict=*/false};
  Transaction transaction(&state);
  absl::Status status = work(transaction);
  // Work that overlooks the failure of a statement must not look done.
  if (status.ok()) status = state.failure;
  if (status.ok() && absl::Now() >= deadline) {
    status = DeadlineError("the work took until its deadline; nothing was changed");
  }
  return {std::move(status), state.conflict};
}

std::optional<SqlFailure> Connection::Try(const char* statement,
                                          absl::FunctionRef<pqxx::result()> call,
                                          pqxx::result* result) {
  try {
    *result = call();
    return std::nullopt;
  } catch (const std::exception& exception) {
    SqlFailure failure = FailureIn(exception);
    failure.statement = statement;
    broken_ = broken_ || BreaksConnection(failure);
    return failure;
  }
}

std::optional<SqlFailure> Connection::BeginSession(std::optional<pqxx::nontransaction>& session) {
  // Looks for notifications, and so throws when the server has closed an idle connection.
  pqxx::result none;
  return Try(
      "",
      [&] {
        session.emplace(connection_);
        return pqxx::result();
      },
      &none);
}

std::optional<SqlFailure> Connection::Command(pqxx::nontransaction& session,
                                              const std::string& sql) {
  pqxx::result ignored;
  return Try(
      "", [&] { return session.exec(sql); }, &ignored);
}

void Connection::Prepare(const Statement& statement) {
  const auto [entry, is_new] = prepared_.try_emplace(statement.name, statement.sql);
  if (is_new) {
    connection_.prepare(statement.name, statement.sql);
  } else if (entry->second != statement.sql) {
    ABSL_RAW_LOG(FATAL, "two statements are named %s", statement.name);
  }
}

std::optional<SqlFailure> Connection::Begin(pqxx::nontransaction& session, int64_t timeout_millis) {
  // One round trip, where pqxx::work would take two. A rollback takes the setting back.
  std::string sql = "BEGIN READ WRITE";
  if (timeout_millis != timeout_millis_) {
    absl::StrAppend(&sql, "; ", TimeoutSetting(timeout_millis));
  }
  return Command(session, sql);
}

std::optional<SqlFailure> Connection::SetTimeout(pqxx::nontransaction& session,
                                                 int64_t timeout_millis) {
  if (timeout_millis == timeout_millis_) return std::nullopt;
  auto failure = Command(session, TimeoutSetting(timeout_millis));
  if (!failure) timeout_millis_ = timeout_millis;
  return failure;
}

Connection::Outcome Connection::Commit(pqxx::nontransaction& session, int64_t timeout_millis) {
  auto failure = Command(session, "COMMIT");
  if (!failure) {
    timeout_millis_ = timeout_millis;
    return {};
  }
  // The server answers with an error only when it has rolled back, for example for a deferred
  // constraint; a line that breaks, also by its shutdown, says nothing.
  if (broken()) return {CommitUnknownError()};
  failure->statement = "commit";
  return {ToStatus(*failure), IsConflict(*failure)};
}

void Connection::Rollback(pqxx::nontransaction& session) {
  if (broken()) return;
  if (Command(session, "ROLLBACK")) broken_ = true;
}

}  // namespace crier::pg
