#include <algorithm>
#include <memory>
#include <optional>

#include "absl/time/clock.h"
#include "common/log/log.h"
#include "common/process/level_file.h"
#include "common/process/process.h"
#include "common/process/signals.h"
#include "common/rpc/server.h"

namespace crier::process {
namespace {

constexpr absl::Duration kCheckInterval = absl::Seconds(1);
// Callers, and whoever replaces replicas one by one, wait for one that is not ready.
constexpr absl::Duration kCheckIntervalUntilReady = absl::Milliseconds(100);
// For all services together, so that a signal is heeded soon even when a database hangs.
constexpr absl::Duration kCheckTimeout = absl::Seconds(1);

// Asks the services whether they are ready and tells everybody who wants to know.
class Readiness {
 public:
  Readiness(metrics::Registry& registry, rpc::Server& server, const std::vector<Service*>& services)
      : gauge_(registry.Gauge("crier_ready", "1 while the process can do its work, 0 otherwise.")),
        server_(server),
        services_(services) {}

  // Returns after how long to check again.
  absl::Duration Check() {
    Set(FirstFault());
    return last_->ok() ? kCheckInterval : kCheckIntervalUntilReady;
  }

  // The process is on its way out.
  void TurnOff() {
    gauge_.Set(0);
    server_.SetReady(false);
  }

 private:
  absl::Status FirstFault() const {
    const absl::Time deadline = absl::Now() + kCheckTimeout;
    for (Service* const service : services_) {
      absl::Status status = service->CheckReady(deadline);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void Set(const absl::Status& status) {
    // What keeps it from being ready may not be known at first, and be another thing later.
    if (last_ == status) return;
    last_ = status;
    gauge_.Set(status.ok() ? 1 : 0);
    server_.SetReady(status.ok());
    if (status.ok()) {
      log::Info("ready");
    } else {
      log::Warning("not ready", {{"reason", status}});
    }
  }

  prometheus::Gauge& gauge_;
  rpc::Server& server_;
  const std::vector<Service*>& services_;
  std::optional<absl::Status> last_;  // empty before the first check
};

absl::StatusOr<std::unique_ptr<rpc::Server>> StartServer(const ServeOptions& options,
                                                         metrics::Registry& registry,
                                                         const std::vector<Service*>& services) {
  std::vector<grpc::Service*> rpc_services;
  for (Service* const service : services) {
    for (grpc::Service* const rpc_service : service->rpc_services()) {
      rpc_services.push_back(rpc_service);
    }
  }
  rpc::ServerOptions server_options;
  server_options.listen_address = options.listen;
  server_options.drain_grace = options.drain_grace;
  server_options.metrics = &registry;
  server_options.tls = options.tls;
  server_options.health_listen_address = options.health_listen;
  return rpc::Server::Start(server_options, rpc_services);
}

int CannotServe(const absl::Status& status) {
  log::Error("cannot serve", {{"reason", status}});
  return 1;
}

}  // namespace

int Serve(const ServeOptions& options, metrics::Registry& registry,
          const std::vector<Service*>& services) {
  BlockTerminationSignals();
  registry
      .Gauge("crier_build_info", "1; the label tells which version runs.",
             {{"version", CRIER_VERSION}})
      .Set(1);
  const auto exposer = metrics::Exposer::Start(options.metrics_listen, registry);
  if (!exposer.ok()) return CannotServe(exposer.status());
  const auto server = StartServer(options, registry, services);
  if (!server.ok()) return CannotServe(server.status());

  Readiness readiness(registry, **server, services);
  for (Service* const service : services) service->Start(**server);
  log::Info("serving", {{"grpc_port", (*server)->port()},
                        {"health_port", (*server)->health_port()},
                        {"metrics_port", (*exposer)->port()}});

  LevelFile level_file(options.log_level_file, LevelOf(options));
  do {
    level_file.Follow();
  } while (!WaitForTermination(readiness.Check()));

  log::Info("draining");
  readiness.TurnOff();
  const absl::Time turned_off = absl::Now();
  std::for_each(services.rbegin(), services.rend(), [](Service* service) { service->Stop(); });
  WaitForTermination(turned_off + options.drain_delay - absl::Now());
  (*server)->Drain();
  log::Info("drained");
  return 0;
}

}  // namespace crier::process
