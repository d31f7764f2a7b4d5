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

// Lives from the arrival of a call until gRPC is done with it: it deletes itself in OnDone(), which
// gRPC calls once, after Finish() and after any cancellation has been handled. So whoever holds the
// right to finish may use the call up to Finish() and not beyond.
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  explicit UnaryCall(grpc::CallbackServerContext* context)
      : context_(context), call_context_(MakeCallContext(*context)) {}

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

  void FinishWith(const absl::Status& status) {
    if (absl::IsInternal(status) || absl::IsUnknown(status)) {
      log::Error("call failed", {{"status", status}});
    }
    Finish(ToGrpc(status));
  }

 private:
  void OnDone() override { delete this; }

  grpc::CallbackServerContext* const context_;
  const CallContext call_context_;
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

// The right to finish a call, shared by the copies of a FinishCall. Uses it up at the first call,
// or when the last copy is dropped unused: a call that nobody would answer must not hang.
class PendingFinish {
 public:
  explicit PendingFinish(UnaryCall* call) : call_(call) {}
  ~PendingFinish() { Finish(absl::InternalError("the call was dropped without an answer")); }

  PendingFinish(const PendingFinish&) = delete;
  PendingFinish& operator=(const PendingFinish&) = delete;

  void Finish(const absl::Status& status) {
    UnaryCall* const call = call_.exchange(nullptr);
    if (call != nullptr) call->FinishWith(status);
  }

 private:
  std::atomic<UnaryCall*> call_;
};

}  // namespace

grpc::ServerUnaryReactor* RunUnary(grpc::CallbackServerContext* context, Executor& executor,
                                   std::function<absl::Status(const CallContext&)> work) {
  auto* const call = new UnaryCall(context);
  const bool accepted = executor.TrySubmit([call, work = std::move(work)] {
    const trace::Scope trace_scope(call->call_context().trace);
    absl::Status status = call->CheckWanted();
    if (status.ok()) status = Guarded([&] { return work(call->call_context()); });
    call->FinishWith(status);
  });
  if (!accepted) {
    call->FinishWith(OverloadedError("the server is at capacity; try again later", kRetryAfter));
  }
  return call;
}

grpc::ServerUnaryReactor* StartUnary(
    grpc::CallbackServerContext* context,
    absl::FunctionRef<void(const CallContext&, FinishCall finish)> start) {
  auto* const call = new UnaryCall(context);
  const auto pending = std::make_shared<PendingFinish>(call);
  // A copy: `start` may hand the call to a thread that finishes it, and so ends it, meanwhile.
  const CallContext call_context = call->call_context();
  const trace::Scope trace_scope(call_context.trace);
  const absl::Status status = Guarded([&] {
    start(call_context, [pending](const absl::Status& result) { pending->Finish(result); });
    return absl::OkStatus();
  });
  if (!status.ok()) pending->Finish(status);
  return call;
}

}  // namespace crier::rpc
