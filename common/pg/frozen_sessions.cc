#include "common/pg/frozen_sessions.h"

#include "absl/time/clock.h"
#include "common/log/log.h"
#include "common/status/macros.h"

namespace crier::pg {
namespace {

// As the other timeouts of a session that hangs (SessionSetup).
constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr absl::Duration kLookEvery = absl::Seconds(2);
constexpr absl::Duration kLookTimeout = absl::Seconds(5);

// Sessions belong to the role that logged in, which is another than the schema's.
constexpr Statement kActAsLogin{"act_as_login", "SELECT set_config('role', 'none', true)"};

// $1: microseconds. Between the parts of what one client sends at once there is no waiting.
constexpr Statement kEndFrozen{
    "end_frozen_sessions",
    "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = session_user"
    " AND application_name = current_setting('application_name')"
    " AND state = 'active' AND wait_event = 'ClientRead'"
    " AND state_change <= clock_timestamp() - $1::bigint * interval '1 microsecond'"};

}  // namespace

absl::StatusOr<int64_t> EndFrozenSessions(Pool& pool, absl::Duration patience,
                                          absl::Time deadline) {
  return pool.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<int64_t> {
    RETURN_IF_ERROR(transaction.Execute(kActAsLogin).status());
    ASSIGN_OR_RETURN(
        const Rows rows,
        transaction.Execute(kEndFrozen, Params().Add(absl::ToInt64Microseconds(patience))));
    return rows[0].Int64(0);
  });
}

FrozenSessions::FrozenSessions(Pool& pool)
    : task_([&pool] {
        // A database that is away shows elsewhere.
        const auto ended = EndFrozenSessions(pool, kPatience, absl::Now() + kLookTimeout);
        if (ended.ok() && *ended > 0) {
          log::Warning("ended sessions of a replica that stands still", {{"sessions", *ended}});
        }
        return kLookEvery;
      }) {}

}  // namespace crier::pg
