#include "common/rpc/call_observer.h"

#include <grpc/grpc.h>

#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/rpc/status.h"
#include "common/trace/span.h"

namespace crier::rpc {
namespace {

using grpc::experimental::ClientInterceptorFactoryInterface;
using grpc::experimental::ClientRpcInfo;
using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::Interceptor;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerInterceptorFactoryInterface;
using grpc::experimental::ServerRpcInfo;
using std::chrono::steady_clock;

// One call, from its start to the moment when its status is known.
class ObservedCall {
 public:
  ObservedCall(const char* path, MethodMetrics* metrics)
      : path_(path), metrics_(metrics), start_(steady_clock::now()) {
    if (metrics_ != nullptr) metrics_->Started();
  }

  // A call that ended without a status was given up.
  ~ObservedCall() { Handled(grpc::StatusCode::CANCELLED); }

  // A span whose name is the method's, as OpenTelemetry names those of calls.
  void BeginSpan(trace::SpanKind kind, const trace::Context& parent) {
    span_.emplace(absl::StripPrefix(path_, "/"), kind, parent);
  }

  trace::Context context() const { return span_ ? span_->context() : trace::Context(); }

  void MessageReceived() {
    if (metrics_ != nullptr) metrics_->MessageReceived();
  }
  void MessageSent() {
    if (metrics_ != nullptr) metrics_->MessageSent();
  }

  void Handled(grpc::StatusCode code) {
    if (std::exchange(handled_, true)) return;
    if (metrics_ != nullptr)
      metrics_->Handled(code, absl::FromChrono(steady_clock::now() - start_));
    if (span_ && code != grpc::StatusCode::OK) {
      span_->Fail(absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
    }
    span_.reset();
  }

 private:
  const char* const path_;
  MethodMetrics* const metrics_;
  const steady_clock::time_point start_;
  std::optional<trace::Span> span_;
  bool handled_ = false;
};

class ObservedServerCall : public Interceptor {
 public:
  ObservedServerCall(ServerRpcInfo* info, MethodMetrics* metrics)
      : info_(info), call_(info->method(), metrics) {}

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
      BeginSpan(*methods->GetRecvInitialMetadata());
    }
    // Without a message: the end of a stream of requests, or one that is malformed.
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE) &&
        methods->GetRecvMessage() != nullptr) {
      call_.MessageReceived();
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      call_.MessageSent();
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      call_.Handled(methods->GetSendStatus().error_code());
    }
    methods->Proceed();
  }

 private:
  void BeginSpan(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
    std::optional<trace::Context> parent;
    const auto sent = metadata.find(trace::kTraceparent);
    if (sent != metadata.end()) {
      parent = trace::ParseTraceparent({sent->second.data(), sent->second.size()});
    }
    call_.BeginSpan(trace::SpanKind::kServer, parent ? *parent : trace::BeginTrace());
    context_ = call_.context();
    // The slot that gRPC keeps in a call for whoever traces it.
    grpc_census_call_set_context(info_->server_context()->c_call(),
                                 reinterpret_cast<census_context*>(&context_));
  }

  ServerRpcInfo* const info_;
  ObservedCall call_;
  trace::Context context_;
};

class ServerFactory : public ServerInterceptorFactoryInterface {
 public:
  explicit ServerFactory(std::shared_ptr<const CallMetrics> metrics)
      : metrics_(std::move(metrics)) {}

  Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new ObservedServerCall(info,
                                  metrics_ == nullptr ? nullptr : metrics_->Find(info->method()));
  }

 private:
  const std::shared_ptr<const CallMetrics> metrics_;
};

class ObservedClientCall : public Interceptor {
 public:
  ObservedClientCall(ClientRpcInfo* info, MethodMetrics* metrics) : call_(info->method(), metrics) {
    if (trace::Current().valid()) call_.BeginSpan(trace::SpanKind::kClient, trace::Current());
  }

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA) &&
        call_.context().valid()) {
      methods->GetSendInitialMetadata()->emplace(trace::kTraceparent,
                                                 trace::FormatTraceparent(call_.context()));
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      call_.MessageSent();
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE) &&
        methods->GetRecvMessage() != nullptr) {
      call_.MessageReceived();
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_STATUS)) {
      call_.Handled(methods->GetRecvStatus()->error_code());
    }
    methods->Proceed();
  }

 private:
  ObservedCall call_;
};

class ClientFactory : public ClientInterceptorFactoryInterface {
 public:
  explicit ClientFactory(std::shared_ptr<const CallMetrics> metrics)
      : metrics_(std::move(metrics)) {}

  Interceptor* CreateClientInterceptor(ClientRpcInfo* info) override {
    return new ObservedClientCall(info,
                                  metrics_ == nullptr ? nullptr : metrics_->Find(info->method()));
  }

 private:
  const std::shared_ptr<const CallMetrics> metrics_;
};

}  // namespace

std::unique_ptr<ServerInterceptorFactoryInterface> ServerObserver(
    std::shared_ptr<const CallMetrics> metrics) {
  return std::make_unique<ServerFactory>(std::move(metrics));
}

trace::Context TraceOf(const grpc::ServerContextBase& context) {
  const census_context* const slot = context.census_context();
  return slot == nullptr ? trace::Context() : *reinterpret_cast<const trace::Context*>(slot);
}

std::unique_ptr<ClientInterceptorFactoryInterface> ClientObserver(
    std::shared_ptr<const CallMetrics> metrics) {
  return std::make_unique<ClientFactory>(std::move(metrics));
}

}  // namespace crier::rpc
