#include "services/ingest/server.h"

#include <algorithm>
#include <optional>

#include "absl/time/clock.h"
#include "common/base/periodic_task.h"
#include "common/log/log.h"
#include "common/pg/frozen_sessions.h"
#include "common/pg/migrations.h"
#include "common/pg/partition_upkeep.h"
#include "common/pg/pool.h"
#include "common/pg/time_partitions.h"
#include "common/rpc/executor.h"
#include "common/status/macros.h"
#include "crier_ingest_migrations.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/domain/log/log_tail.h"
#include "services/ingest/domain/log/tailed_log.h"
#include "services/ingest/domain/writing/ingester.h"
#include "services/ingest/engine.h"
#include "services/ingest/log_follower.h"
#include "services/ingest/metrics.h"
#include "services/ingest/storage/entity_reader.h"
#include "services/ingest/storage/entity_store.h"
#include "services/ingest/storage/eraser.h"
#include "services/ingest/storage/event_log.h"
#include "services/ingest/storage/log_readers.h"
#include "services/ingest/storage/request_store.h"
#include "services/ingest/transport/entity_service.h"
#include "services/ingest/transport/event_service.h"
#include "services/ingest/transport/ingest_service.h"

namespace crier::ingest {
namespace {

constexpr absl::Duration kObserveLogReadersEvery = absl::Seconds(15);
// Deletions that another replica has begun and does not get on with, or that readers of the log
// have heard of by now.
constexpr absl::Duration kLookForDeletionsEvery = absl::Seconds(2);
constexpr absl::Duration kRetryAfter = absl::Seconds(1);
constexpr absl::Duration kBackgroundTimeout = absl::Seconds(30);
// Maintenance may fail for this long before ingest stops.
constexpr int kDaysAhead = 3;
// Callers' deletions at a time. They wait for the locks of those who write, and reading must not
// wait for them.
constexpr int kErasureThreads = 2;

}  // namespace

absl::Status Migrate(const IngestOptions& options) {
  return pg::Migrate(options.postgres, storage::Migrations());
}

struct IngestServer::Parts {
  Parts(const IngestOptions& options, metrics::Registry& registry, const Clock& clock_in)
      : clock(clock_in),
        event_retention(options.event_retention),
        tables{storage::EventTable(options.event_retention),
               storage::RequestTable(options.request_retention)},
        pool(options.postgres, {.size = options.postgres_connections,
                                .by_index_only = true,
                                .metrics = &registry,
                                .name = "ingest"}),
        query_pool(
            options.postgres,
            {.size = options.query_connections, .metrics = &registry, .name = "ingest_queries"}),
        erasure_pool(
            options.postgres,
            {.size = kErasureThreads + 1, .metrics = &registry, .name = "ingest_erasures"}),
        store(pool),
        log(pool),
        log_readers(pool),
        reader(query_pool),
        eraser(erasure_pool),
        recent(clock),
        tailed_log(log, recent, tail),
        tailed_eraser(eraser, recent),
        ingest_metrics(registry),
        ingester(store, recent, tail, clock, ingest_metrics),
        engine(ingester, ingest_metrics),
        executor({.threads = options.postgres_connections}),
        query_executor({.threads = options.query_connections}),
        erasure_executor({.threads = kErasureThreads}),
        ingest_service(engine, ingest_metrics),
        event_service(tailed_log, tail, log_readers, executor, clock),
        entity_service(reader, tailed_eraser, engine, query_executor, erasure_executor, clock,
                       [this] { deletions.RunSoon(); }),
        deletions([this] { return ContinueDeletions(); }) {}

  // Makes room for the events and requests of the next days and drops those past their retention.
  absl::Status MaintainPartitions(absl::Time now, absl::Time deadline);
  // Shows how far the readers of the log and deletions are behind, and returns after how long to do
  // it again.
  absl::Duration ObserveLogReaders();
  // Does a step of the deletion of a community, and returns after how long to do the next.
  absl::Duration ContinueDeletions();

  const Clock& clock;
  const absl::Duration event_retention;
  const std::vector<pg::TimePartitionedTable> tables;
  pg::Pool pool;
  pg::Pool query_pool;
  pg::Pool erasure_pool;  // a connection for each caller's, and one for deletions under way
  storage::PgEntityStore store;
  storage::PgEventLog log;
  storage::PgLogReaders log_readers;
  storage::PgEntityReader reader;
  storage::PgEraser eraser;
  LogTail tail;
  RecentEvents recent;
  TailedEventLog tailed_log;
  TailedEraser tailed_eraser;
  IngestMetrics ingest_metrics;
  Ingester ingester;
  IngestEngine engine;
  rpc::Executor executor;
  rpc::Executor query_executor;
  rpc::Executor erasure_executor;
  transport::IngestService ingest_service;
  transport::EventService event_service;
  transport::EntityService entity_service;

  pg::FrozenSessions frozen_sessions{query_pool};
  std::optional<LogFollower> follower;
  pg::PartitionUpkeep upkeep{
      "events and requests", clock,
      [this](absl::Time now, absl::Time deadline) { return MaintainPartitions(now, deadline); }};
  std::optional<PeriodicTask> maintenance;
  std::optional<PeriodicTask> reader_lags;
  PeriodicTask deletions;  // last: its thread uses the above
};

absl::Duration IngestServer::Parts::ObserveLogReaders() {
  const absl::StatusOr<std::vector<ReaderLag>> lags =
      log_readers.Lags(absl::Now() + kBackgroundTimeout);
  // A database that is away shows elsewhere; what was last seen stays.
  if (lags.ok()) ingest_metrics.OnReaderLags(*lags, clock.Now() - event_retention);
  const auto oldest = eraser.OldestDeletion(absl::Now() + kBackgroundTimeout);
  if (oldest.ok()) {
    const absl::Duration age = *oldest ? clock.Now() - **oldest : absl::ZeroDuration();
    ingest_metrics.OnOldestDeletion(std::max(absl::ZeroDuration(), age));
  }
  return kObserveLogReadersEvery;
}

absl::Duration IngestServer::Parts::ContinueDeletions() {
  const absl::StatusOr<bool> worked =
      tailed_eraser.ContinueDeletions(clock.Now(), absl::Now() + kBackgroundTimeout);
  if (worked.ok()) return *worked ? absl::ZeroDuration() : kLookForDeletionsEvery;
  // Before the schema is there, this is what waiting for it looks like.
  log::Write(upkeep.has_run() ? log::Level::kWarning : log::Level::kDebug,
             "a step of the deletion of a community failed", {{"status", worked.status()}});
  return kRetryAfter;
}

absl::Status IngestServer::Parts::MaintainPartitions(absl::Time now, absl::Time deadline) {
  for (const pg::TimePartitionedTable& table : tables) {
    RETURN_IF_ERROR(pg::MaintainPartitions(pool, table, now, kDaysAhead, deadline));
  }
  return absl::OkStatus();
}

IngestServer::IngestServer(const IngestOptions& options, metrics::Registry& registry,
                           const Clock& clock)
    : parts_(std::make_unique<Parts>(options, registry, clock)) {}

IngestServer::~IngestServer() = default;

std::vector<grpc::Service*> IngestServer::rpc_services() {
  return {&parts_->ingest_service, &parts_->event_service, &parts_->entity_service};
}

void IngestServer::Start(rpc::Server& server) {
  parts_->follower.emplace(parts_->pool.database(), parts_->log, parts_->tail);
  parts_->reader_lags.emplace([parts = parts_.get()] { return parts->ObserveLogReaders(); });
  parts_->maintenance.emplace([parts = parts_.get()] { return parts->upkeep.Run(); });
}

absl::Status IngestServer::CheckReady(absl::Time deadline) {
  RETURN_IF_ERROR(
      pg::CheckSchema(parts_->pool, static_cast<int>(storage::Migrations().size()), deadline));
  // Without waiting for the background to get to it.
  return parts_->upkeep.has_run() ? absl::OkStatus() : parts_->upkeep.RunNow(deadline);
}

void IngestServer::Stop() {
  parts_->ingest_service.CloseStreams(DrainingError());
  parts_->tail.Close(DrainingError());
  parts_->entity_service.Drain();
}

}  // namespace crier::ingest
