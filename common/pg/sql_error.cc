#include "common/pg/sql_error.h"

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace crier::pg {
namespace {

// What is said and done about one SQLSTATE or, when `sqlstate` has two characters, about a class.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
struct Meaning {
  absl::string_view sqlstate;
  absl::StatusCode code;
  absl::string_view reason;
  absl::string_view message;
};

constexpr absl::string_view kAway = "the database is away";
constexpr absl::string_view kConflict = "the transaction met a conflicting one; try again";
constexpr absl::string_view kNotMigrated =
    "the database schema is missing or too old; run the `migrate` command";
constexpr absl::string_view kBadText =
    "a text holds characters that cannot be stored; send valid UTF-8 without NUL characters";

constexpr Meaning kMeanings[] = {
    {"", absl::StatusCode::kUnavailable, "DATABASE_AWAY", kAway},
    {"08", absl::StatusCode::kUnavailable, "DATABASE_AWAY", kAway},
    {"25006", absl::StatusCode::kUnavailable, "DATABASE_READ_ONLY",
     "the database accepts no writes, as during a failover"},
    {"25P03", absl::StatusCode::kUnavailable, "DATABASE_AWAY", kAway},  // idle in transaction
    {"53", absl::StatusCode::kUnavailable, "DATABASE_EXHAUSTED",
     "the database has run out of connections, memory or disk space"},
    {"55P03", absl::StatusCode::kUnavailable, "LOCK_NOT_AVAILABLE",
     "a lock was not free in time; try again"},
    {"57014", absl::StatusCode::kDeadlineExceeded, "STATEMENT_CANCELLED",
     "the database did not finish a statement in time"},
    {"57P", absl::StatusCode::kUnavailable, "DATABASE_AWAY", kAway},  // shutdown, starting up
    {"40", absl::StatusCode::kAborted, "DATABASE_CONFLICT", kConflict},
    {"23505", absl::StatusCode::kAlreadyExists, "UNIQUE_VIOLATION", "the row exists already"},
    {"22021", absl::StatusCode::kInvalidArgument, "INVALID_TEXT", kBadText},
    {"22P05", absl::StatusCode::kInvalidArgument, "INVALID_TEXT", kBadText},
    {"3F000", absl::StatusCode::kFailedPrecondition, kSchemaMissing, kNotMigrated},
    {"42P01", absl::StatusCode::kFailedPrecondition, kSchemaMissing, kNotMigrated},
};

const Meaning& MeaningOf(absl::string_view sqlstate) {
  static constexpr Meaning kUnexpected = {"", absl::StatusCode::kInternal, "DATABASE_ERROR",
                                          "the database refused a statement"};
  for (const Meaning& meaning : kMeanings) {
    const bool matches =
        meaning.sqlstate.empty() ? sqlstate.empty() : absl::StartsWith(sqlstate, meaning.sqlstate);
    if (matches) return meaning;
  }
  return kUnexpected;
}

// A prepared statement that the server has forgotten, or whose result has changed its shape with
// the schema (`cached plan must not change result type`). A new connection prepares it anew.
bool IsStaleStatement(const SqlFailure& failure) {
  return !failure.statement.empty() && (failure.sqlstate == "0A000" || failure.sqlstate == "26000");
}

// A row of a day that has no partition yet, which is soon made (PartitionUpkeep). It shares its
// code with checks of tables that fail; a server that speaks another language is not understood.
bool IsNoPartition(const SqlFailure& failure) {
  return failure.sqlstate == "23514" &&
         absl::StrContains(failure.server_message, "no partition of relation");
}

const Meaning& MeaningOf(const SqlFailure& failure) {
  static constexpr Meaning kStale = {"", absl::StatusCode::kAborted, "DATABASE_CONFLICT",
                                     kConflict};
  static constexpr Meaning kNoPartition = {"", absl::StatusCode::kUnavailable, "NO_PARTITION",
                                           "the tables have no room for this day yet; try again"};
  if (IsNoPartition(failure)) return kNoPartition;
  return IsStaleStatement(failure) ? kStale : MeaningOf(absl::string_view(failure.sqlstate));
}

// libpqxx 6 passes no diagnostic fields on, so the name is taken from the message, where it is the
// first thing in quotes. A server that speaks a language with other quotes yields none.
absl::string_view ConstraintIn(absl::string_view server_message) {
  const size_t begin = server_message.find('"');
  if (begin == absl::string_view::npos) return "";
  const size_t end = server_message.find('"', begin + 1);
  if (end == absl::string_view::npos) return "";
  return server_message.substr(begin + 1, end - begin - 1);
}

}  // namespace

absl::Status ToStatus(const SqlFailure& failure) {
  const Meaning& meaning = MeaningOf(failure);
  std::map<std::string, std::string> metadata;
  if (!failure.sqlstate.empty()) metadata["sqlstate"] = failure.sqlstate;
  if (!failure.statement.empty()) metadata["statement"] = failure.statement;
  if (meaning.code == absl::StatusCode::kAlreadyExists) {
    const absl::string_view constraint = ConstraintIn(failure.server_message);
    if (!constraint.empty()) metadata["constraint"] = std::string(constraint);
  }
  std::string message(meaning.message);
  if (meaning.code == absl::StatusCode::kInternal) {
    absl::StrAppend(&message, " (", failure.statement.empty() ? "unnamed" : failure.statement,
                    ", SQLSTATE ", failure.sqlstate, ")");
  }
  return NamedError(meaning.code, meaning.reason, message, metadata);
}

bool IsConflict(const SqlFailure& failure) {
  return MeaningOf(failure).code == absl::StatusCode::kAborted;
}

bool BreaksConnection(const SqlFailure& failure) {
  if (IsStaleStatement(failure)) return true;
  // A lock that was not free, a partition that was not there: no fault of the line.
  if (failure.sqlstate == "55P03" || IsNoPartition(failure)) return false;
  return MeaningOf(failure).code == absl::StatusCode::kUnavailable;
}

absl::Status CommitUnknownError() {
  return NamedError(absl::StatusCode::kUnavailable, kCommitUnknown,
                    "the connection to the database broke during a commit; the change may or may "
                    "not have been made");
}

absl::Status ConnectError(absl::string_view message) {
  // `connection to server at "…" failed: <reason>`. Everything else that libpq says may quote
  // pieces of a URL that was cut up wrongly, the password among them.
  constexpr absl::string_view kMark = " failed: ";
  std::string detail = "check host and port of the URL";
  const size_t mark = message.rfind(kMark);
  if (mark != absl::string_view::npos) {
    absl::string_view reason = message.substr(mark + kMark.size());
    reason = reason.substr(0, reason.find('\n'));
    detail = std::string(reason);
  }
  return NamedError(absl::StatusCode::kUnavailable, "DATABASE_AWAY",
                    absl::StrCat(kAway, ": ", detail));
}

absl::Status BadUrlError() {
  return NamedError(absl::StatusCode::kInvalidArgument, "INVALID_DATABASE_URL",
                    "the URL of the database is malformed; write postgresql://user@host:port/name, "
                    "with special characters of the password percent-encoded");
}

absl::Status PasswordFileError(absl::string_view path) {
  return NamedError(absl::StatusCode::kFailedPrecondition, "PASSWORD_FILE_MISSING",
                    absl::StrCat("the password of the database cannot be read from ", path,
                                 ": no such file, or no right to read it"));
}

absl::Status RoleError(absl::string_view role) {
  return NamedError(absl::StatusCode::kFailedPrecondition, kSchemaMissing,
                    absl::StrCat("the login cannot assume the role ", role,
                                 "; run the `migrate` command, or grant the role to the login"));
}

absl::Status DeadlineError(absl::string_view message) {
  return NamedError(absl::StatusCode::kDeadlineExceeded, "DATABASE_DEADLINE", message);
}

}  // namespace crier::pg
