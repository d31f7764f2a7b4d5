// A bounded pool of connections to one Postgres, each bound to one role and one schema.
#ifndef CRIER_COMMON_PG_POOL_H_
#define CRIER_COMMON_PG_POOL_H_

#include <memory>
#include <string>
#include <type_traits>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/metrics/metrics.h"
#include "common/pg/transaction.h"
#include "common/status/macros.h"

namespace crier::pg {

// Where the data of a service lives.
struct Database {
  // libpq URL or key-value string.
  std::string url;
  // Role that every connection assumes (SET ROLE) right after connecting; empty keeps the login's.
  std::string role;
  // Schema of the service; the only one on the search path.
  std::string schema;
  // File with the password of the login, read anew for every connection, so that it can be changed
  // while the process runs. Empty: the URL says all.
  std::string password_file = {};
};

struct PoolOptions {
  // Connections at most; opened when first needed, kept while they work.
  int size = 4;
  // How long to wait for a connection, a host; never much longer than the caller's deadline. libpq
  // rounds it up to whole seconds, two at least.
  absl::Duration connect_timeout = absl::Seconds(5);
  // Statements find rows by indexes, whatever the planner takes the tables for. A plan that was
  // made when a table was empty is in use until its statistics change, which may be a minute and a
  // million rows later: for statements that look up what they are given, and nothing else.
  bool by_index_only = false;
  // Where the use of the pool is shown, as `crier_postgres_pool_*` with the label `pool` = `name`;
  // must outlive the pool. Null shows nothing.
  metrics::Registry* metrics = nullptr;
  std::string name = {};
};

// Thread-safe; who waits for a connection gets one in turn. A connection that broke is dropped and
// opened anew by the next user, so a database that went away is found again without a restart.
class Pool {
  // What `Work` returns, if that is an absl::StatusOr.
  template <typename Work, typename Result = std::invoke_result_t<const Work&, Transaction&>>
  using ResultOf = std::enable_if_t<!std::is_same_v<Result, absl::Status>, Result>;

 public:
  Pool(Database database, PoolOptions options);

  // No Run() or Read() may be under way.
  ~Pool();

  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Runs `work` in a transaction: commits when it returns OK, rolls back otherwise, and repeats the
  // whole of it (a few times, never past the deadline) after a deadlock or serialisation failure.
  // So `work` may run more than once and must start from nothing each time.
  //
  // Waits for a connection, and lets statements run, until `deadline`: DEADLINE_EXCEEDED after it.
  // UNAVAILABLE when the database is away; with ErrorReason `COMMIT_UNKNOWN` when the connection
  // broke during the commit, so that the work may or may not be durable.
  absl::Status Run(absl::Time deadline, absl::FunctionRef<absl::Status(Transaction&)> work);

  // As Run(), for work that only reads: without BEGIN and COMMIT, so that a single statement takes
  // one round trip, not three. Each statement sees what is committed when it begins, as in Run();
  // one that writes or locks rows fails.
  absl::Status Read(absl::Time deadline, absl::FunctionRef<absl::Status(Transaction&)> work);

  // The same for work that returns an absl::StatusOr: the value of the time that was committed.
  template <typename Work>
  ResultOf<Work> Run(absl::Time deadline, const Work& work) {
    return ResultBy(&Pool::Run, deadline, work);
  }
  template <typename Work>
  ResultOf<Work> Read(absl::Time deadline, const Work& work) {
    return ResultBy(&Pool::Read, deadline, work);
  }

  // The rows of one statement that reads.
  absl::StatusOr<Rows> Read(absl::Time deadline, const Statement& statement,
                            const Params& params = {}) {
    return Read(deadline,
                [&](Transaction& transaction) { return transaction.Execute(statement, params); });
  }

  const Database& database() const;

 private:
  using Way = absl::Status (Pool::*)(absl::Time, absl::FunctionRef<absl::Status(Transaction&)>);

  template <typename Work>
  ResultOf<Work> ResultBy(Way way, absl::Time deadline, const Work& work) {
    ResultOf<Work> result;
    RETURN_IF_ERROR((this->*way)(deadline, [&](Transaction& transaction) -> absl::Status {
      result = work(transaction);
      return result.status();
    }));
    return result;
  }

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_POOL_H_
