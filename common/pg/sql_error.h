// What a failure of Postgres means for us. Internal to common/pg.
#ifndef CRIER_COMMON_PG_SQL_ERROR_H_
#define CRIER_COMMON_PG_SQL_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace crier::pg {

// A statement that failed.
struct SqlFailure {
  // Five characters; empty when none came because the connection broke.
  std::string sqlstate;
  // What the server said. Only ever searched for the name of a constraint: it may quote values.
  std::string server_message;
  // Name of the statement, for the metadata; empty when it has none.
  std::string statement;
};

// The status that Transaction::Execute promises. Metadata: `sqlstate`, `statement`, `constraint`,
// each where known.
absl::Status ToStatus(const SqlFailure& failure);

// Whether repeating the whole transaction is the answer: deadlock, serialisation failure, or a
// prepared statement that a change of the schema has made invalid.
bool IsConflict(const SqlFailure& failure);

// Whether the connection is of no more use after the failure, also when its socket still lives.
bool BreaksConnection(const SqlFailure& failure);

// The connection broke between sending a commit and hearing of it.
absl::Status CommitUnknownError();

// Connecting failed; `message` is libpq's. Keeps of it what cannot hold parts of the URL.
absl::Status ConnectError(absl::string_view message);

// The operator's URL is malformed.
absl::Status BadUrlError();
absl::Status PasswordFileError(absl::string_view path);

// Waited for a connection, or worked, until the deadline.
absl::Status DeadlineError(absl::string_view message);

// The role that connections assume is not there, or not granted to the login.
absl::Status RoleError(absl::string_view role);

// ErrorReason of a failure because a table, the schema or the role is not there (yet).
inline constexpr char kSchemaMissing[] = "SCHEMA_MISSING";
inline constexpr char kCommitUnknown[] = "COMMIT_UNKNOWN";

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_SQL_ERROR_H_
