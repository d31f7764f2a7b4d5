#include "services/evaluator/server.h"

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/periodic_task.h"
#include "common/lease/owner_name.h"
#include "common/pg/frozen_sessions.h"
#include "common/pg/migrations.h"
#include "common/pg/pool.h"
#include "common/rpc/client.h"
#include "common/rpc/executor.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/limits/send_rate.h"
#include "services/evaluator/domain/management/bookkeeping.h"
#include "services/evaluator/domain/management/enable_guard.h"
#include "services/evaluator/domain/management/previewer.h"
#include "services/evaluator/domain/management/workflows.h"
#include "services/evaluator/domain/matching/fire_record.h"
#include "services/evaluator/domain/partitions/evaluator_metrics.h"
#include "services/evaluator/domain/partitions/partition_set.h"
#include "services/evaluator/domain/runs/run_executor.h"
#include "services/evaluator/domain/runs/run_metrics.h"
#include "services/evaluator/domain/runs/run_workers.h"
#include "services/evaluator/domain/runs/runs.h"
#include "services/evaluator/evaluation.h"
#include "services/evaluator/storage/cap_store.h"
#include "services/evaluator/storage/member_ledger.h"
#include "services/evaluator/storage/pace_store.h"
#include "services/evaluator/storage/page_store.h"
#include "services/evaluator/storage/run_store.h"
#include "services/evaluator/storage/schema.h"
#include "services/evaluator/storage/statistics_store.h"
#include "services/evaluator/storage/workflow_store.h"
#include "services/evaluator/transport/contact_client.h"
#include "services/evaluator/transport/delivery_client.h"
#include "services/evaluator/transport/entity_client.h"
#include "services/evaluator/transport/event_client.h"
#include "services/evaluator/transport/run_service.h"
#include "services/evaluator/transport/target_client.h"
#include "services/evaluator/transport/workflow_service.h"

namespace crier::evaluator {

absl::Status Migrate(const EvaluatorOptions& options) {
  return pg::Migrate(options.postgres, storage::SchemaMigrations());
}

struct EvaluatorServer::Parts {
  Parts(const EvaluatorOptions& options_in, metrics::Registry& registry, const Clock& clock)
      : options(options_in),
        metrics(registry),
        pool(options.postgres,
             {.size = options.postgres_connections, .metrics = &registry, .name = "evaluator"}),
        store(pool),
        statistics(pool),
        record([this] { LookAtMissingWebhooks(); }),
        deliveries(&record),
        evaluator_metrics(registry),
        workflows(store, events, deliveries, clock),
        member_ledger(pool),
        caps(pool),
        paces(pool),
        send_rate(options.max_community_deliveries_per_second),
        partitions({store, events, deliveries, member_ledger, caps, paces, send_rate, clock,
                    evaluator_metrics},
                   RunnerOptions()),
        run_pool(options.postgres,
                 {.size = options.run_threads + 1, .metrics = &registry, .name = "evaluator_runs"}),
        calendar_store(run_pool),
        page_store(run_pool),
        run_metrics(registry),
        run_executor(page_store, contacts, events, deliveries, send_rate, clock, run_metrics,
                     RunOptions()),
        owner(lease::NewOwnerName()),
        run_workers(calendar_store, page_store, run_executor, owner, clock,
                    {.threads = options.run_threads, .retention = options.run_retention}),
        lease_pool(options.postgres, {.size = 1, .metrics = &registry, .name = "evaluator_leases"}),
        evaluation(lease_pool, events, partitions, run_workers, owner, clock, registry),
        run_store(pool),
        runs(run_store, clock),
        bookkeeping(record, statistics, store, workflows, targets, clock),
        previewer(entities, targets, clock),
        executor({.threads = 2 * options.postgres_connections}),
        enable_guard(contacts, caps, options.confirm_deliveries_above, clock),
        workflow_service(workflows, previewer, statistics, enable_guard, caps, clock, executor),
        run_service(runs, executor) {}

  void LookAtMissingWebhooks() {
    absl::MutexLock lock(&bookkeeping_mutex);
    if (bookkeeper != nullptr) bookkeeper->RunSoon();
  }

  void StartBookkeeping() {
    absl::MutexLock lock(&bookkeeping_mutex);
    bookkeeper = std::make_unique<PeriodicTask>([this] { return bookkeeping.Run(); });
  }

  // To be called when nothing is handed over any more.
  void StopBookkeeping() {
    std::unique_ptr<PeriodicTask> ending;  // outlives the lock: its end may take a moment
    {
      absl::MutexLock lock(&bookkeeping_mutex);
      ending.swap(bookkeeper);
    }
    ending.reset();
    bookkeeping.Flush();
  }

  const EvaluatorOptions options;
  metrics::Registry& metrics;
  pg::Pool pool;
  storage::PgWorkflowStore store;
  storage::PgStatisticsStore statistics;
  FireRecord record;
  transport::EventClient events;
  transport::EntityClient entities;
  transport::TargetClient targets;
  transport::DeliveryClient deliveries;
  EvaluatorMetrics evaluator_metrics;
  Workflows workflows;
  storage::PgMemberLedger member_ledger;
  storage::PgCapStore caps;
  storage::PgPaceStore paces;
  SendRate send_rate;
  PartitionSet partitions;
  // Of their own, so that runs over millions and the rest keep out of each other's way.
  pg::Pool run_pool;
  storage::PgRunStore calendar_store;
  storage::PgPageStore page_store;
  transport::ContactClient contacts;
  RunMetrics run_metrics;
  RunExecutor run_executor;
  const std::string owner;
  RunWorkers run_workers;
  // Of its own, so that no crowd of calls can keep a heartbeat waiting until leases run out.
  pg::Pool lease_pool;
  pg::FrozenSessions frozen_sessions{lease_pool};
  Evaluation evaluation;
  storage::PgRunStore run_store;
  Runs runs;
  Bookkeeping bookkeeping;
  absl::Mutex bookkeeping_mutex;
  std::unique_ptr<PeriodicTask> bookkeeper ABSL_GUARDED_BY(bookkeeping_mutex);
  Previewer previewer;
  // More threads than connections: a call also waits for the other services, without one.
  rpc::Executor executor;
  EnableGuard enable_guard;
  transport::WorkflowService workflow_service;
  transport::RunService run_service;
};

EvaluatorServer::EvaluatorServer(const EvaluatorOptions& options, metrics::Registry& registry,
                                 const Clock& clock)
    : parts_(std::make_unique<Parts>(options, registry, clock)) {}

EvaluatorServer::~EvaluatorServer() = default;

std::vector<grpc::Service*> EvaluatorServer::rpc_services() {
  return {&parts_->workflow_service, &parts_->run_service};
}

void EvaluatorServer::Start(rpc::Server& server) {
  const EvaluatorOptions& options = parts_->options;
  // A channel for calls to one service, which are counted.
  const auto channel = [&](const std::string& address, const std::string& service) {
    return address.empty() ? server.InProcessChannel({service})
                           : rpc::Connect(address, {&parts_->metrics,
                                                    {service},
                                                    options.tls,
                                                    /*watch_readiness=*/true});
  };
  using ingest::v1::EntityService;
  parts_->events.Connect(
      channel(options.ingest_address, ingest::v1::EventService::service_full_name()));
  parts_->contacts.Connect(channel(options.ingest_address, EntityService::service_full_name()));
  parts_->entities.Connect(channel(options.ingest_address, EntityService::service_full_name()));
  parts_->deliveries.Connect(
      channel(options.delivery_address, delivery::v1::DeliveryService::service_full_name()));
  parts_->targets.Connect(
      channel(options.delivery_address, delivery::v1::TargetService::service_full_name()));
  parts_->StartBookkeeping();
  parts_->evaluation.Start();
}

absl::Status EvaluatorServer::CheckReady(absl::Time deadline) {
  RETURN_IF_ERROR(pg::CheckSchema(parts_->pool, storage::SchemaVersion(), deadline));
  return parts_->evaluation.status();
}

void EvaluatorServer::Stop() {
  parts_->evaluation.Stop();
  parts_->StopBookkeeping();
}

}  // namespace crier::evaluator
