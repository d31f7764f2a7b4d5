#include "services/delivery/server.h"

#include <sys/resource.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/random/random.h"
#include "absl/time/clock.h"
#include "common/base/periodic_task.h"
#include "common/crypto/key_ring.h"
#include "common/http/egress_proxy.h"
#include "common/lease/lease_keeper.h"
#include "common/lease/owner_name.h"
#include "common/log/log.h"
#include "common/pg/frozen_sessions.h"
#include "common/pg/lease_store.h"
#include "common/pg/listener.h"
#include "common/pg/migrations.h"
#include "common/pg/partition_upkeep.h"
#include "common/pg/pool.h"
#include "common/rpc/executor.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/delivery/domain/attempts/retry_schedule.h"
#include "services/delivery/domain/attempts/webhook_tester.h"
#include "services/delivery/domain/dispatch/attempt_maker.h"
#include "services/delivery/domain/dispatch/claim_reader.h"
#include "services/delivery/domain/dispatch/dispatcher.h"
#include "services/delivery/domain/dispatch/outcome_writer.h"
#include "services/delivery/domain/intake/enqueue_batcher.h"
#include "services/delivery/domain/intake/enqueuer.h"
#include "services/delivery/domain/queue/ended_deliveries.h"
#include "services/delivery/domain/queue/queue_depth.h"
#include "services/delivery/domain/queue/queue_loader.h"
#include "services/delivery/domain/queue/shard_scheduler.h"
#include "services/delivery/domain/repair/eraser.h"
#include "services/delivery/domain/repair/payload_reader.h"
#include "services/delivery/domain/repair/recoverer.h"
#include "services/delivery/domain/webhooks/secret_keeper.h"
#include "services/delivery/sending/http_sender.h"
#include "services/delivery/storage/delivery_log.h"
#include "services/delivery/storage/erasure_store.h"
#include "services/delivery/storage/intake_store.h"
#include "services/delivery/storage/queue_depth.h"
#include "services/delivery/storage/queue_notices.h"
#include "services/delivery/storage/queue_store.h"
#include "services/delivery/storage/repair_store.h"
#include "services/delivery/storage/schema.h"
#include "services/delivery/storage/secret_store.h"
#include "services/delivery/storage/webhook_store.h"
#include "services/delivery/transport/delivery_service.h"
#include "services/delivery/transport/recovery_service.h"
#include "services/delivery/transport/target_service.h"
#include "services/delivery/transport/webhook_service.h"

namespace crier::delivery {
namespace {

// Dispatcher, loader, outcome writer and the work in the background, each one statement at a time.
constexpr int kEngineConnections = 4;

// Before the schema is there, the work in the background could only complain.
constexpr absl::Duration kLookForSchemaEvery = absl::Seconds(1);

// Whoever holds this shard shows the depth of the whole queue: one replica, so that none counts
// twice.
constexpr int32_t kMeasuringShard = 0;
constexpr absl::Duration kMeasureEvery = absl::Seconds(10);
constexpr absl::Duration kMeasureTimeout = absl::Seconds(10);

// Attempts to receivers that are slow or silent, or have not answered yet, to each to the others.
// They cost a socket each, and little besides.
constexpr int kSuspectShare = 4;

// Attempts at once to a receiver that goes on answering fast, to each that any receiver gets.
constexpr int kFastShare = 10;

// How long Stop() waits for attempts under way. Receivers that take longer get a duplicate.
constexpr absl::Duration kStopGrace = absl::Seconds(5);

SchedulerOptions SchedulerOptionsOf(const DeliveryOptions& options) {
  SchedulerOptions result;
  result.max_in_flight = options.max_in_flight;
  result.max_suspect = kSuspectShare * options.max_in_flight;
  result.lane.pace.first = result.lane.pace.usual = options.webhook_concurrency;
  result.lane.pace.most = kFastShare * options.webhook_concurrency;
  return result;
}

http::ClientOptions ClientOptionsOf(const DeliveryOptions& options) {
  http::ClientOptions result;
  // Room for all of the scheduler's attempts and all tests: an attempt that has begun never waits.
  result.max_in_flight = (1 + kSuspectShare) * options.max_in_flight + WebhookTester::kMaxTests;
  result.extra_roots_file = options.extra_roots_file;
  if (!options.egress_proxy.empty()) {
    result.proxy = http::ParseEgressProxy(options.egress_proxy).value();
  }
  return result;
}

// A socket for each attempt may be more than a login shell permits.
void PermitManySockets() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) log::Warning("the limit of open files stays low");
}

crypto::KeyRing ReadKeyRing(const DeliveryOptions& options) {
  if (!options.secret_keys_file.empty()) {
    return crypto::KeyRing::ReadFile(options.secret_keys_file).value();
  }
  log::Warning("the secrets of webhooks are stored in the clear; set secret-keys-file");
  return crypto::KeyRing::Plaintext();
}

}  // namespace

absl::Status Migrate(const DeliveryOptions& options) {
  return pg::Migrate(options.postgres, storage::Schema());
}

// Declared in the order of need, so that destruction takes away first what uses the others: the
// sender goes before the maker of attempts, which gets the sender's callbacks, and that before the
// writer.
struct DeliveryServer::Parts {
  Parts(const DeliveryOptions& options, metrics::Registry& registry, const Clock& clock_in);

  void Start();
  void Stop();
  void OnQueueNotice(absl::string_view payload);
  absl::Duration MeasureQueueDepth();
  // Has it do a part of its work once there is something to work on; returns when to go on.
  template <typename Worker>
  absl::Duration RunOnSchema(Worker& worker) {
    return upkeep.has_run() ? worker.Run() : kLookForSchemaEvery;
  }

  const Clock& clock;
  const absl::Duration retention;
  const std::string owner = lease::NewOwnerName();
  const UrlPolicy policy;

  crypto::KeyRingHolder key_rings;

  // Calls and attempts do not wait for each other's connections, and heartbeats for nobody's.
  pg::Pool call_pool;
  pg::Pool engine_pool;
  pg::Pool lease_pool;
  storage::PgWebhookStore webhooks;
  storage::PgIntakeStore intake;
  storage::PgDeliveryLog log;
  storage::PgQueueStore contents;
  PayloadReader payloads;
  storage::PgWebhookStore engine_webhooks;
  storage::PgQueueStore queue;
  storage::PgErasureStore erasures;
  storage::PgRepairStore repairs;
  storage::PgRepairStore engine_repairs;
  storage::PgSecretStore secrets;
  pg::PgLeaseStore leases;

  absl::BitGen random;
  RetrySchedule schedule;
  ShardScheduler scheduler;
  OutcomeWriter outcomes;
  ClaimReader claim_reader;
  AttemptMaker attempts;
  Dispatcher dispatcher;
  HttpSender sender;
  QueueLoader loader;
  Enqueuer enqueuer;
  EnqueueBatcher enqueue_batcher;
  Eraser eraser;
  Recoverer recoverer;
  SecretKeeper secret_keeper;
  WebhookTester tester;
  lease::LeaseKeeper keeper;
  QueueDepthMetrics queue_depth;

  rpc::Executor executor;
  transport::WebhookService webhook_service;
  transport::DeliveryService delivery_service;
  transport::TargetService target_service;
  transport::RecoveryService recovery_service;

  pg::FrozenSessions frozen_sessions{lease_pool};
  std::optional<pg::Listener> listener;
  std::optional<pg::Listener> releases;  // of other replicas' leases; there is work to take over
  pg::PartitionUpkeep upkeep{"deliveries", clock, [this](absl::Time now, absl::Time deadline) {
                               return storage::MaintainPartitions(engine_pool, retention, now,
                                                                  deadline);
                             }};
  std::optional<PeriodicTask> maintenance;
  std::optional<PeriodicTask> measuring;
  std::optional<PeriodicTask> erasing;
  std::optional<PeriodicTask> recovering;
  std::optional<PeriodicTask> keeping_secrets;
};

DeliveryServer::Parts::Parts(const DeliveryOptions& options, metrics::Registry& registry,
                             const Clock& clock_in)
    : clock(clock_in),
      retention(options.retention),
      policy(UrlPolicy::Create(options.targets).value()),
      key_rings(ReadKeyRing(options)),
      call_pool(options.postgres, {.size = options.postgres_connections,
                                   .by_index_only = true,
                                   .metrics = &registry,
                                   .name = "delivery_calls"}),
      engine_pool(options.postgres, {.size = kEngineConnections,
                                     .by_index_only = true,
                                     .metrics = &registry,
                                     .name = "delivery_engine"}),
      lease_pool(options.postgres, {.size = 1, .metrics = &registry, .name = "delivery_leases"}),
      webhooks(call_pool, key_rings),
      intake(call_pool),
      log(call_pool),
      contents(call_pool, owner),
      payloads(contents, webhooks, options.activity_base_url),
      engine_webhooks(engine_pool, key_rings),
      queue(engine_pool, owner),
      erasures(engine_pool),
      repairs(call_pool),
      engine_repairs(engine_pool),
      secrets(engine_pool, key_rings),
      leases(lease_pool),
      schedule(random),
      scheduler(clock, SchedulerOptionsOf(options)),
      outcomes(queue, clock, registry,
               [this](const lease::Lease& lease) { return scheduler.Holds(lease); }),
      claim_reader(queue, engine_webhooks, clock),
      attempts(scheduler, outcomes, schedule, clock, registry,
               {.app_base_url = options.activity_base_url,
                .send_traceparent = options.send_traceparent}),
      dispatcher(scheduler, claim_reader, attempts, outcomes, registry),
      sender(policy, ClientOptionsOf(options)),
      loader(scheduler, queue, clock),
      enqueuer(intake, webhooks, scheduler, clock, registry),
      enqueue_batcher(enqueuer),
      eraser(erasures, clock, registry),
      recoverer(engine_repairs, clock, registry),
      secret_keeper(secrets, key_rings, options.secret_keys_file, clock, registry),
      tester(sender, clock, options.activity_base_url),
      keeper(
          leases, clock, {.owner = owner, .metrics = &registry, .kind = "delivery_shards"},
          {.on_gained = [this](const lease::Lease& lease) { scheduler.Gain(lease); },
           .on_lost = [this](const lease::Lease& lease) { scheduler.Lose(lease); },
           // Whoever has the shard next would repeat the attempts under way.
           .in_use = [this](const lease::Lease& lease) { return scheduler.IsUnsettled(lease); }}),
      queue_depth(registry),
      executor({.threads = options.postgres_connections}),
      webhook_service(webhooks, tester, policy, clock, executor,
                      EndedDeliveries(registry, DeliveryState::kCancelled)),
      delivery_service(enqueue_batcher, intake, log, repairs, payloads, clock, executor,
                       EndedDeliveries(registry, DeliveryState::kCancelled)),
      target_service(webhooks, options.activity_base_url, executor),
      recovery_service(repairs, clock, executor) {}

void DeliveryServer::Parts::Start() {
  PermitManySockets();
  maintenance.emplace([this] { return upkeep.Run(); });
  measuring.emplace([this] { return MeasureQueueDepth(); });
  erasing.emplace([this] { return RunOnSchema(eraser); });
  recovering.emplace([this] { return RunOnSchema(recoverer); });
  keeping_secrets.emplace([this] { return RunOnSchema(secret_keeper); });
  listener.emplace(engine_pool.database(), storage::QueueChannel(engine_pool.database().schema),
                   pg::Listener::Callbacks{
                       .on_notify = [this](absl::string_view payload) { OnQueueNotice(payload); },
                       .on_gap = [this] { scheduler.SearchAll(); }});
  loader.Start();
  dispatcher.Start(sender);
  keeper.Start();
  releases.emplace(
      engine_pool.database(), pg::LeaseChannel(engine_pool.database().schema),
      pg::Listener::Callbacks{.on_notify = [this](absl::string_view) { keeper.HeartbeatSoon(); },
                              .on_gap = [this] { keeper.HeartbeatSoon(); }});
}

void DeliveryServer::Parts::OnQueueNotice(absl::string_view payload) {
  const bool now = storage::IsTryNow(payload);
  for (const WebhookId& webhook : storage::DecodeNotice(payload)) {
    now ? scheduler.TryNow(webhook) : scheduler.NoteStored(webhook, clock.Now());
  }
}

void DeliveryServer::Parts::Stop() {
  // The leases are kept until the attempts under way are stored: nobody repeats them.
  dispatcher.Stop(kStopGrace);
  loader.Stop();
  releases.reset();
  keeper.Stop();
  listener.reset();
  keeping_secrets.reset();
  recovering.reset();
  erasing.reset();
  maintenance.reset();
  measuring.reset();
}

absl::Duration DeliveryServer::Parts::MeasureQueueDepth() {
  if (!scheduler.HoldsShard(kMeasuringShard)) {
    queue_depth.Show({}, clock.Now());
    return kMeasureEvery;
  }
  const absl::Time now = clock.Now();
  const auto depth = storage::MeasureQueue(call_pool, now, absl::Now() + kMeasureTimeout);
  if (depth.ok()) {
    queue_depth.Show(*depth, now);
  } else {
    log::Warning("the depth of the queue could not be measured", {{"status", depth.status()}});
  }
  return kMeasureEvery;
}

DeliveryServer::DeliveryServer(const DeliveryOptions& options, metrics::Registry& registry,
                               const Clock& clock)
    : parts_(std::make_unique<Parts>(options, registry, clock)) {}

DeliveryServer::~DeliveryServer() { parts_->Stop(); }

std::vector<grpc::Service*> DeliveryServer::rpc_services() {
  return {&parts_->webhook_service, &parts_->delivery_service, &parts_->target_service,
          &parts_->recovery_service};
}

void DeliveryServer::Start(rpc::Server& server) { parts_->Start(); }

absl::Status DeliveryServer::CheckReady(absl::Time deadline) {
  RETURN_IF_ERROR(
      pg::CheckSchema(parts_->call_pool, static_cast<int>(storage::Schema().size()), deadline));
  if (!parts_->upkeep.has_run()) {
    return absl::UnavailableError("there are no partitions for the deliveries of today yet");
  }
  return absl::OkStatus();
}

void DeliveryServer::Stop() { parts_->Stop(); }

int DeliveryServer::held_shards() const { return parts_->scheduler.held_shards(); }

}  // namespace crier::delivery
