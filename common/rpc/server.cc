#include "common/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/impl/server_initializer.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/rpc/call_metrics.h"
#include "common/rpc/call_observer.h"
#include "common/rpc/grpc_log.h"
#include "common/rpc/malformed_requests.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::rpc {
namespace {

constexpr char kLiveness[] = "liveness";
constexpr char kReadiness[] = "readiness";

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

void SetLimits(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.SetMaxSendMessageSize(options.max_message_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1000);
  // A second process on the same port must fail, not take every other connection.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

void SetConnectionCare(grpc::ServerBuilder& builder) {
  // Finds peers that vanished without a word.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(absl::Seconds(30)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(absl::Seconds(10)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Clients may ask as often, for the same reason (client.cc).
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Milliseconds(absl::Seconds(1)));
  // Connections end now and then, so that load spreads over replicas that came later.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Milliseconds(absl::Minutes(10)));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, Milliseconds(absl::Minutes(1)));
}

// Has every service of the server counted: only gRPC's own initialisation tells their names.
class CountAllServices : public grpc::ServerBuilderPlugin, public grpc::ServerBuilderOption {
 public:
  explicit CountAllServices(std::shared_ptr<CallMetrics> metrics) : metrics_(std::move(metrics)) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<CountAllServices>(metrics_));
  }

  std::string name() override { return "crier_call_metrics"; }
  // Before the first call, which may come before Finish(): the server listens by then.
  void InitServer(grpc::ServerInitializer* initializer) override {
    for (const std::string& service : *initializer->GetServiceList()) metrics_->AddService(service);
  }
  void Finish(grpc::ServerInitializer*) override {}
  void ChangeArguments(const std::string&, void*) override {}

 private:
  const std::shared_ptr<CallMetrics> metrics_;
};

// Null when nothing is counted.
std::shared_ptr<CallMetrics> MetricsOf(const ServerOptions& options, const char* side) {
  if (options.metrics == nullptr) return nullptr;
  return std::make_shared<CallMetrics>(*options.metrics, side);
}

void AddPlugins(std::shared_ptr<CallMetrics> metrics, grpc::ServerBuilder& builder) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  // Reflection is the only service that is not of the callback kind, and seldom asked.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);

  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(MalformedRequestsInterceptor());
  if (metrics != nullptr) builder.SetOption(std::make_unique<CountAllServices>(metrics));
  interceptors.push_back(ServerObserver(std::move(metrics)));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
}

// A server that listens, and where.
struct Listening {
  std::shared_ptr<grpc::ServerCredentials> credentials;  // which the server asks, so it goes first
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

absl::StatusOr<Listening> Listen(grpc::ServerBuilder& builder, const std::string& address,
                                 std::shared_ptr<grpc::ServerCredentials> credentials) {
  Listening result;
  result.credentials = std::move(credentials);
  builder.AddListeningPort(address, result.credentials, &result.port);
  result.server = builder.BuildAndStart();
  if (result.server == nullptr || result.port == 0) {
    return NamedError(absl::StatusCode::kUnavailable, "CANNOT_LISTEN",
                      absl::StrCat("cannot listen on ", address,
                                   ": the port is taken or the address is not of this machine"));
  }
  return result;
}

// A server of nothing but the health service, which every server has.
absl::StatusOr<Listening> ListenForHealth(const std::string& address) {
  if (address.empty()) return Listening();
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  return Listen(builder, address, grpc::InsecureServerCredentials());
}

}  // namespace

struct Server::Impl {
  ServerOptions options;
  Listening main;
  Listening health;  // without a server when there is none

  absl::Mutex mutex;
  bool draining ABSL_GUARDED_BY(mutex) = false;

  void SetServing(bool ready) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    SetServing(kReadiness, ready);
    SetServing("", ready);
  }

  void SetServing(const char* name, bool serving) {
    main.server->GetHealthCheckService()->SetServingStatus(name, serving);
    if (health.server == nullptr) return;
    health.server->GetHealthCheckService()->SetServingStatus(name, serving);
  }
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Drain(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options,
                                                      const std::vector<grpc::Service*>& services) {
  RouteGrpcLog();
  grpc::ServerBuilder builder;
  SetLimits(options, builder);
  SetConnectionCare(builder);
  AddPlugins(MetricsOf(options, "server"), builder);
  for (grpc::Service* const service : services) builder.RegisterService(service);
  auto impl = std::make_unique<Impl>();
  ASSIGN_OR_RETURN(impl->health, ListenForHealth(options.health_listen_address));
  ASSIGN_OR_RETURN(impl->main,
                   Listen(builder, options.listen_address, MakeServerCredentials(options.tls)));
  impl->options = std::move(options);
  {
    absl::MutexLock lock(&impl->mutex);
    impl->SetServing(false);
  }
  impl->SetServing(kLiveness, true);
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

int Server::port() const { return impl_->main.port; }

int Server::health_port() const { return impl_->health.port; }

std::shared_ptr<grpc::Channel> Server::InProcessChannel(const std::vector<std::string>& services) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(impl_->options.max_message_bytes);
  arguments.SetMaxSendMessageSize(impl_->options.max_message_bytes);
  const std::shared_ptr<CallMetrics> metrics = MetricsOf(impl_->options, "client");
  if (metrics != nullptr) {
    for (const std::string& service : services) metrics->AddService(service);
  }
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(ClientObserver(metrics));
  return impl_->main.server->experimental().InProcessChannelWithInterceptors(
      arguments, std::move(interceptors));
}

void Server::SetReady(bool ready) {
  absl::MutexLock lock(&impl_->mutex);
  if (!impl_->draining) impl_->SetServing(ready);
}

void Server::Drain() {
  {
    absl::MutexLock lock(&impl_->mutex);
    if (!impl_->draining) impl_->SetServing(false);
    impl_->draining = true;
  }
  // Safe to call twice, also at the same time: the second call waits for the first to end.
  impl_->main.server->Shutdown(absl::ToChronoTime(absl::Now() + impl_->options.drain_grace));
  // Last, so that whoever asks hears that the process lives until it is done.
  if (impl_->health.server != nullptr) impl_->health.server->Shutdown();
}

}  // namespace crier::rpc
