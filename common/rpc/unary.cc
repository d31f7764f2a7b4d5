#include "common/rpc/unary.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/log/log.h"
#include "common/rpc/call_observer.h"
#include "common/rpc/status.h"
#include "common/status/errors.h"

namespace crier::rpc {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Seconds(10);
constexpr absl::Duration kMaxTimeout = absl::Seconds(60);
constexpr absl::Duration kRetryAfter = absl::Seconds(1);

CallContext MakeCallContext(const grpc::CallbackServerContext& context) {
  const absl::Time now = absl::Now();
  const auto deadline = context.deadline();
  const bool unset = deadline == std::chrono::system_clock::time_point::max();
  return {unset ? now + kDefaultTimeout : std::min(absl::FromChrono(deadline), now + kMaxTimeout),
          TraceOf(context)};
}

// A call under way. With the reactor that gRPC keeps in each context: one of our own would have to
// be told of the call's end, for which gRPC wakes another thread. The context lives until the call
// has been finished and its handler has returned, so whoever holds the right to finish may use the
// call up to FinishWith() and not beyond.
class UnaryCall {
 public:
  explicit UnaryCall(grpc::CallbackServerContext* context)
      : context_(context),
        reactor_(context->DefaultReactor()),
        call_context_(MakeCallContext(*context)) {}

  grpc::ServerUnaryReactor* reactor() const { return reactor_; }
  const CallContext& call_context() const { return call_context_; }

  // Why the call is not worth beginning; OK when it is.
  absl::Status CheckWanted() const {
    if (call_context_.deadline <= absl::Now()) {
      return NamedError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                        "the deadline passed before the call could be handled");
    }
    if (context_->IsCancelled()) {
      return NamedError(absl::StatusCode::kCancelled, "CANCELLED", "the caller cancelled the call");
    }
    return absl::OkStatus();
  }

  void FinishWith(const absl::Status& status) const {
    if (absl::IsInternal(status) || absl::IsUnknown(status)) {
      log::Error("call failed", {{"status", status}});
    }
    reactor_->Finish(ToGrpc(status));
  }

 private:
  grpc::CallbackServerContext* context_;
  grpc::ServerUnaryReactor* reactor_;
  CallContext call_context_;
};

// Calls `work`, whose exceptions become a status: none may reach gRPC or the end of a thread.
template <typename Work>
absl::Status Guarded(const Work& work) {
  try {
    return work();
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat("exception: ", e.what()));
  } catch (...) {
    return absl::InternalError("exception of unknown type");
  }
}

absl::Status ExecutorFullError() {
  return OverloadedError("the server is at capacity; retry after the given delay", kRetryAfter);
}

// The right to finish a call, shared by the copies of a FinishCall. Uses it up at the first call,
// or when the last copy is dropped unused: a call that nobody would answer must not hang.
class PendingFinish {
 public:
  explicit PendingFinish(const UnaryCall& call) : call_(call) {}
  ~PendingFinish() { Finish(absl::InternalError("the call was dropped without an answer")); }

  PendingFinish(const PendingFinish&) = delete;
  PendingFinish& operator=(const PendingFinish&) = delete;

  void Finish(const absl::Status& status) {
    if (!finished_.exchange(true)) call_.FinishWith(status);
  }

 private:
  const UnaryCall call_;
  std::atomic<bool> finished_{false};
};

}  // namespace

grpc::ServerUnaryReactor* RunUnary(grpc::CallbackServerContext* context, Executor& executor,
                                   std::function<absl::Status(const CallContext&)> work) {
  const UnaryCall call(context);
  const bool accepted = executor.TrySubmit([call, work = std::move(work)] {
    const trace::Scope trace_scope(call.call_context().trace);
    absl::Status status = call.CheckWanted();
    if (status.ok()) status = Guarded([&] { return work(call.call_context()); });
    call.FinishWith(status);
  });
  if (!accepted) call.FinishWith(ExecutorFullError());
  return call.reactor();
}

grpc::ServerUnaryReactor* StartUnary(
    grpc::CallbackServerContext* context,
    absl::FunctionRef<void(const CallContext&, FinishCall finish)> start) {
  const UnaryCall call(context);
  const auto pending = std::make_shared<PendingFinish>(call);
  const trace::Scope trace_scope(call.call_context().trace);
  const absl::Status status = Guarded([&] {
    start(call.call_context(), [pending](const absl::Status& result) { pending->Finish(result); });
    return absl::OkStatus();
  });
  if (!status.ok()) pending->Finish(status);
  return call.reactor();
}

grpc::ServerUnaryReactor* StartUnary(
    grpc::CallbackServerContext* context, Executor& executor,
    std::function<absl::Status(const CallContext&, const FinishCall& finish)> start) {
  const UnaryCall call(context);
  const auto pending = std::make_shared<PendingFinish>(call);
  const FinishCall finish = [pending](const absl::Status& result) { pending->Finish(result); };
  const bool accepted = executor.TrySubmit([call, finish, start = std::move(start)] {
    const trace::Scope trace_scope(call.call_context().trace);
    absl::Status status = call.CheckWanted();
    if (status.ok()) status = Guarded([&] { return start(call.call_context(), finish); });
    if (!status.ok()) finish(status);
  });
  if (!accepted) finish(ExecutorFullError());
  return call.reactor();
}

}  // namespace crier::rpc
