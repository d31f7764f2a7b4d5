// Interceptors that count calls and follow their traces. Internal to common/rpc.
#ifndef CRIER_COMMON_RPC_CALL_OBSERVER_H_
#define CRIER_COMMON_RPC_CALL_OBSERVER_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/client_interceptor.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>

#include "common/rpc/call_metrics.h"
#include "common/trace/context.h"

namespace crier::rpc {

// Counts the calls that a server answers (`metrics` may be null: it counts none), and makes a span
// of each, in the trace of the caller's `traceparent` or a new one. To be added after interceptors
// that change the status, so that it sees what the caller sees.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> ServerObserver(
    std::shared_ptr<const CallMetrics> metrics);

// What the span of the call, as ServerObserver() made it, hands on. Not valid when the server has
// no observer.
trace::Context TraceOf(const grpc::ServerContextBase& context);

// Counts the calls that are made over a channel, makes a span of each that belongs to a trace
// (trace::Current() of the calling thread), and sends its `traceparent` along.
std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface> ClientObserver(
    std::shared_ptr<const CallMetrics> metrics);

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_CALL_OBSERVER_H_
