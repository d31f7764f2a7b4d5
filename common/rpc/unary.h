// How a unary handler is written. With the callback API underneath, but without its ceremony:
//
//   grpc::ServerUnaryReactor* GetWebhook(grpc::CallbackServerContext* context,
//                                        const GetWebhookRequest* request,
//                                        Webhook* response) override {
//     return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
//       ASSIGN_OR_RETURN(const WebhookId id,
//                        api::ParseResource("name", api::kWebhooks, request->name()));
//       ASSIGN_OR_RETURN(const Webhook webhook, store_.Get(id, call.deadline));
//       *response = ToProto(webhook);
//       return absl::OkStatus();
//     });
//   }
#ifndef CRIER_COMMON_RPC_UNARY_H_
#define CRIER_COMMON_RPC_UNARY_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/rpc/executor.h"
#include "common/trace/context.h"

namespace crier::rpc {

// What a handler may know of its call.
struct CallContext {
  // The caller's deadline; 10 s from arrival when it set none, and 60 s from arrival when it set a
  // later one. Every wait derives from it.
  absl::Time deadline;
  // What the call belongs to; current (trace::Current()) while the handler runs.
  trace::Context trace;
};

// Runs `work` on the executor and finishes the call with its status (as ToGrpc(); INTERNAL and
// UNKNOWN are logged, and so is an exception, which becomes INTERNAL). A full executor answers
// RESOURCE_EXHAUSTED with RetryInfo; a call whose deadline passed in the queue, or that its caller
// cancelled, is finished without running. Request and response live until the call is finished,
// also when the caller has gone. `executor` must outlive the server that the call belongs to.
grpc::ServerUnaryReactor* RunUnary(grpc::CallbackServerContext* context, Executor& executor,
                                   std::function<absl::Status(const CallContext&)> work);

// Finishes a call; must be called exactly once, from any thread. A second call does nothing; a call
// whose FinishCall is destroyed unused is finished as INTERNAL. Request and response must not be
// touched afterwards.
using FinishCall = std::function<void(absl::Status)>;

// For handlers that wait for nobody: `start` runs inline, must not block, and hands `finish` to
// whoever completes the work (a batcher).
grpc::ServerUnaryReactor* StartUnary(
    grpc::CallbackServerContext* context,
    absl::FunctionRef<void(const CallContext&, FinishCall finish)> start);

// For handlers that block at first and then wait for nobody: `start` runs on the executor, under
// the rules of RunUnary(). A failure that it returns finishes the call; otherwise whoever has been
// handed `finish` does.
grpc::ServerUnaryReactor* StartUnary(
    grpc::CallbackServerContext* context, Executor& executor,
    std::function<absl::Status(const CallContext&, const FinishCall& finish)> start);

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_UNARY_H_
