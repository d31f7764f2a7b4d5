#include "common/rpc/client.h"

#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>

#include "common/rpc/call_metrics.h"
#include "common/rpc/call_observer.h"
#include "common/rpc/server.h"
#include "crier_service_config.h"

namespace crier::rpc {

std::shared_ptr<grpc::Channel> Connect(const std::string& address, const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  if (!options.watch_readiness) arguments.SetInt(GRPC_ARG_INHIBIT_HEALTH_CHECKING, 1);
  arguments.SetMaxReceiveMessageSize(ServerOptions().max_message_bytes);
  arguments.SetMaxSendMessageSize(ServerOptions().max_message_bytes);
  // Traffic inside of a deployment; a proxy of the environment is meant for the world outside.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);

  // A replica that stands still, with its node, answers nothing and refuses nothing: half of the
  // calls would go there and wait for their deadlines. About as soon as its leases have run out,
  // they all go to the others.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 3'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 3'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);

  // A replica that restarts is back within seconds; the defaults would wait for up to two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  // The time that one attempt to connect may take, whatever the name says.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);
  // So that new replicas behind a name are found soon.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 5'000);

  std::shared_ptr<CallMetrics> metrics;
  if (options.metrics != nullptr) {
    metrics = std::make_shared<CallMetrics>(*options.metrics, "client");
    for (const std::string& service : options.services) metrics->AddService(service);
  }
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(ClientObserver(std::move(metrics)));
  return grpc::experimental::CreateCustomChannelWithInterceptors(
      address, MakeChannelCredentials(options.tls), arguments, std::move(interceptors));
}

}  // namespace crier::rpc
