// The gRPC server of a process: services, health, reflection, limits and drain.
#ifndef CRIER_COMMON_RPC_SERVER_H_
#define CRIER_COMMON_RPC_SERVER_H_

#include <grpcpp/channel.h>
#include <grpcpp/impl/service_type.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/metrics/metrics.h"
#include "common/rpc/tls.h"

namespace crier::rpc {

struct ServerOptions {
  // `host:port`; port 0 lets the system choose.
  std::string listen_address;
  // Requests and responses above this are RESOURCE_EXHAUSTED. Room for a batch of large entities.
  int max_message_bytes = 16 * 1024 * 1024;
  // How long Drain() lets running calls go on.
  absl::Duration drain_grace = absl::Seconds(10);
  // Where calls are counted: `grpc_server_*` for those that are answered, every method at zero from
  // the start, and `grpc_client_*` for those made over InProcessChannel(). Must outlive the server;
  // null counts nothing.
  metrics::Registry* metrics = nullptr;
  // Without a certificate the server speaks plain text.
  TlsOptions tls = {};
  // Another `host:port` that answers the health service alone, always in plain text, as the probes
  // of Kubernetes are. Empty: none.
  std::string health_listen_address = {};
};

// Thread-safe. Serves the standard health service with three names: `liveness` (SERVING for as long
// as the process runs), `readiness` and the empty name (SERVING while SetReady(true) holds and
// Drain has not begun), and server reflection. Each call belongs to a trace: that of the caller's
// `traceparent`, or one of its own.
class Server {
 public:
  // Starts to serve, not ready. `services` must outlive the server. UNAVAILABLE, naming the
  // address, when it cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options,
                                                       const std::vector<grpc::Service*>& services);

  // As Drain().
  ~Server();

  // The port that was bound, and that of health alone (0 when there is none).
  int port() const;
  int health_port() const;

  // A channel to this server that does not leave the process; calls carry the caller's trace.
  // `services` as in ClientOptions.
  std::shared_ptr<grpc::Channel> InProcessChannel(const std::vector<std::string>& services = {});

  void SetReady(bool ready);

  // Stops being ready, takes no new calls, lets running ones finish for the grace period, cancels
  // the rest. Returns when all are done. Safe to call twice.
  void Drain();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_SERVER_H_
