#include "common/pg/pool.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/base/internal/raw_logging.h"
#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/pg/connect_backoff.h"
#include "common/pg/connection.h"
#include "common/pg/fair_semaphore.h"
#include "common/pg/pool_metrics.h"
#include "common/pg/sql_error.h"
#include "common/pg/watchdog.h"
#include "common/status/macros.h"

namespace crier::pg {
namespace {

// How often work that met a conflicting transaction is begun.
constexpr int kAttempts = 5;

// Lets the other side of a conflict finish first.
void PauseAfterConflict(int attempt, absl::Time deadline) {
  absl::BitGen random;
  const absl::Duration longest = absl::Milliseconds(4) * (1 << attempt);
  const absl::Duration pause = longest * absl::Uniform(random, 0.25, 1.0);
  absl::SleepFor(std::min(pause, deadline - absl::Now()));
}

}  // namespace

struct Pool::Impl {
  Impl(Database database_in, PoolOptions options_in)
      : database(std::move(database_in)),
        options(options_in),
        backoff(SystemClock()),
        use(options.metrics, options.name, options.size),
        slots(options.size) {}

  // A connection for the length of one attempt; null until opened. Given back at the end.
  class Borrowed {
   public:
    // After slots.Acquire().
    explicit Borrowed(Impl& pool) : connection(pool.TakeIdle()), pool_(pool) {}
    ~Borrowed() { pool_.Return(std::move(connection)); }

    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;

    std::unique_ptr<Connection> connection;

   private:
    Impl& pool_;
  };

  // The connection that was used last, so that a few stay warm; null when none is open.
  std::unique_ptr<Connection> TakeIdle() ABSL_LOCKS_EXCLUDED(mutex);
  void Return(std::unique_ptr<Connection> connection) ABSL_LOCKS_EXCLUDED(mutex);

  absl::StatusOr<std::unique_ptr<Connection>> Connect(absl::Time deadline);

  // Uses a connection until that is no conflict.
  absl::Status Use(absl::Time deadline, absl::FunctionRef<Connection::Outcome(Connection&)> work);

  // One attempt at the work.
  Connection::Outcome UseOnce(absl::Time deadline,
                              absl::FunctionRef<Connection::Outcome(Connection&)> work);

  const Database database;
  const PoolOptions options;
  ConnectBackoff backoff;
  PoolMetrics use;
  Watchdog watchdog;
  FairSemaphore slots;  // one for each connection that may be in use

  absl::Mutex mutex;
  std::vector<std::unique_ptr<Connection>> idle ABSL_GUARDED_BY(mutex);
};

std::unique_ptr<Connection> Pool::Impl::TakeIdle() {
  absl::MutexLock lock(&mutex);
  if (idle.empty()) return nullptr;
  std::unique_ptr<Connection> connection = std::move(idle.back());
  idle.pop_back();
  return connection;
}

void Pool::Impl::Return(std::unique_ptr<Connection> connection) {
  if (connection != nullptr && connection->broken()) connection = nullptr;
  if (connection != nullptr) {
    absl::MutexLock lock(&mutex);
    idle.push_back(std::move(connection));
  }
  use.Returned();
  slots.Release();
}

absl::StatusOr<std::unique_ptr<Connection>> Pool::Impl::Connect(absl::Time deadline) {
  RETURN_IF_ERROR(backoff.MayConnect());
  auto connection =
      Connection::Open(database, std::min(options.connect_timeout, deadline - absl::Now()));
  absl::Status status = connection.status();
  if (status.ok()) {
    const Watchdog::Guard guard(watchdog, (*connection)->socket(), deadline);
    status = (*connection)->SetUp(database, options.by_index_only);
  }
  use.Connected(status.ok());
  if (absl::IsUnavailable(status)) {
    if (absl::Now() >= deadline) return DeadlineError("the database did not answer in time");
    backoff.Failed(status);
  }
  if (!status.ok()) return status;
  return connection;
}

absl::Status Pool::Impl::Use(absl::Time deadline,
                             absl::FunctionRef<Connection::Outcome(Connection&)> work) {
  for (int attempt = 1;; ++attempt) {
    Connection::Outcome outcome = UseOnce(deadline, work);
    if (!outcome.conflict || attempt == kAttempts) return std::move(outcome.status);
    PauseAfterConflict(attempt, deadline);
    if (absl::Now() >= deadline) return std::move(outcome.status);
  }
}

Connection::Outcome Pool::Impl::UseOnce(absl::Time deadline,
                                        absl::FunctionRef<Connection::Outcome(Connection&)> work) {
  const absl::Duration asked = SystemClock().Monotonic();
  const bool acquired = slots.Acquire(deadline);
  use.Waited(SystemClock().Monotonic() - asked, acquired);
  if (!acquired) {
    return {DeadlineError("all connections to the database were busy until the deadline")};
  }
  Borrowed borrowed(*this);
  while (true) {
    const bool reused = borrowed.connection != nullptr;
    if (!reused) {
      auto connection = Connect(deadline);
      if (!connection.ok()) return {std::move(connection).status()};
      borrowed.connection = *std::move(connection);
    }
    Connection::Outcome outcome;
    {
      const Watchdog::Guard guard(watchdog, borrowed.connection->socket(), deadline);
      outcome = work(*borrowed.connection);
    }
    // An idle connection that died unnoticed, for example in a restart.
    if (!(reused && outcome.nothing_done)) return outcome;
    borrowed.connection = nullptr;
  }
}

Pool::Pool(Database database, PoolOptions options)
    : impl_(std::make_unique<Impl>(std::move(database), options)) {
  if (options.size < 1) ABSL_RAW_LOG(FATAL, "a pool of %d connections", options.size);
}

Pool::~Pool() = default;

absl::Status Pool::Run(absl::Time deadline, absl::FunctionRef<absl::Status(Transaction&)> work) {
  return impl_->Use(deadline,
                    [&](Connection& connection) { return connection.Run(deadline, work); });
}

absl::Status Pool::Read(absl::Time deadline, absl::FunctionRef<absl::Status(Transaction&)> work) {
  return impl_->Use(deadline,
                    [&](Connection& connection) { return connection.Read(deadline, work); });
}

const Database& Pool::database() const { return impl_->database; }

}  // namespace crier::pg
