// Channels and calls to the other services of the suite.
#ifndef CRIER_COMMON_RPC_CLIENT_H_
#define CRIER_COMMON_RPC_CLIENT_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/metrics/metrics.h"
#include "common/rpc/status.h"
#include "common/rpc/tls.h"

namespace crier::rpc {

struct ClientOptions {
  // Where calls are counted, as `grpc_client_*`; must outlive the channel. Null counts nothing.
  metrics::Registry* metrics = nullptr;
  // Full names of the services that are called (`EventService::service_full_name()`); their methods
  // are there, at zero, from the start. Calls to others are not counted.
  std::vector<std::string> services;
  TlsOptions tls = {};
  // Whether to call only addresses whose health service says that `readiness` is SERVING, or that
  // have no health service. Without it a replica that drains is called until it closes the
  // connection.
  bool watch_readiness = false;
};

// A channel with the service config of the suite (proto/crier/service_config.json: round robin over
// every address of the name, retries of what may be repeated), keepalive, quick reconnects and the
// message limit of the servers. `address` is `host:port` or a gRPC target (`dns:///name.:port`).
// TLS when the options name authorities. Calls carry the `traceparent` of trace::Current().
std::shared_ptr<grpc::Channel> Connect(const std::string& address,
                                       const ClientOptions& options = {});

// One blocking unary call: returns FromGrpc of its status.
//   RETURN_IF_ERROR(Call(*stub, &Stub::GetWebhook, request, response, deadline));
template <typename Stub, typename Request, typename Response>
absl::Status Call(Stub& stub,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, Response& response, absl::Time deadline) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  return FromGrpc((stub.*method)(&context, request, &response));
}

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_CLIENT_H_
