#include "tools/bench.d/crier_bench/calls.h"

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/async_unary_call.h>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/rpc/status.h"
#include "crier/ingest/v1/ingest_service.grpc.pb.h"
#include "google/protobuf/empty.pb.h"

namespace crier::bench {
namespace {

using ingest::v1::IngestService;

constexpr absl::Duration kCallTimeout = absl::Seconds(30);
constexpr absl::Duration kPause = absl::Milliseconds(20);  // before a refused call is repeated

struct UnaryCall {
  using Stub = IngestService::Stub;
  using Request = ingest::v1::UpsertContactRequest;
  using Response = ingest::v1::IngestResult;

  static auto Prepare(Stub& stub, grpc::ClientContext* context, const Request& request,
                      grpc::CompletionQueue* queue) {
    return stub.PrepareAsyncUpsertContact(context, request, queue);
  }
  static size_t Size(const LoadOptions&) { return 1; }
  static void Fill(const Chunk& chunk, const LoadOptions& options, Request& request) {
    FillContact(chunk.first, options.communities, options.identities, request);
  }
  static absl::Status Check(const Response&) { return absl::OkStatus(); }
};

struct BatchCall {
  using Stub = IngestService::Stub;
  using Request = ingest::v1::BatchIngestRequest;
  using Response = ingest::v1::BatchIngestResponse;

  static auto Prepare(Stub& stub, grpc::ClientContext* context, const Request& request,
                      grpc::CompletionQueue* queue) {
    return stub.PrepareAsyncBatchIngest(context, request, queue);
  }
  static size_t Size(const LoadOptions& options) { return static_cast<size_t>(options.items); }
  static void Fill(const Chunk& chunk, const LoadOptions& options, Request& request) {
    for (size_t i = 0; i < chunk.size; ++i) {
      FillContact(chunk.first + i, options.communities, options.identities,
                  *request.add_items()->mutable_contact());
    }
  }
  // The first failure.
  static absl::Status Check(const Response& response) {
    for (const ingest::v1::BatchIngestItemResult& result : response.results()) {
      if (result.has_error()) return rpc::FromProto(result.error());
    }
    return absl::OkStatus();
  }
};

// Asks for the health of the whole server, which is an empty message and costs nothing to answer.
struct NothingCall {
  using Request = google::protobuf::Empty;
  using Response = google::protobuf::Empty;
  using Stub = grpc::TemplatedGenericStub<Request, Response>;

  static auto Prepare(Stub& stub, grpc::ClientContext* context, const Request& request,
                      grpc::CompletionQueue* queue) {
    return stub.PrepareUnaryCall(context, "/grpc.health.v1.Health/Check", request, queue);
  }
  static size_t Size(const LoadOptions&) { return 1; }
  static void Fill(const Chunk&, const LoadOptions&, Request&) {}
  static absl::Status Check(const Response&) { return absl::OkStatus(); }
};

// Not thread-safe. Is the tag of what it waits for, one thing at a time: the moment to send, or an
// answer.
template <typename Call>
class Caller {
 public:
  using Stub = typename Call::Stub;

  Caller(Stub& stub, grpc::CompletionQueue& queue, const LoadOptions& options, Progress& progress)
      : stub_(stub), queue_(queue), options_(options), progress_(progress) {}

  // Takes the next records; false when there are none, and so nothing to wait for.
  bool Begin() {
    chunk_ = progress_.Next(Call::Size(options_));
    if (chunk_.size == 0) return false;
    request_.Clear();
    Call::Fill(chunk_, options_, request_);
    start_ = std::max(chunk_.due, absl::Now());
    SendAt(chunk_.due);
    return true;
  }

  // What it waited for is there. False when it has no more to do.
  bool Proceed() {
    if (answer_ == nullptr) {
      Send();
      return true;
    }
    answer_ = nullptr;
    absl::Status status = rpc::FromGrpc(grpc_status_);
    if (status.ok()) status = Call::Check(response_);
    if (status.ok()) {
      progress_.Answered(chunk_, absl::Now() - start_);
      return Begin();
    }
    if (progress_.ShouldRepeat(status)) {
      SendAt(absl::Now() + kPause);
      return true;
    }
    progress_.Fail(status);
    return false;
  }

 private:
  void SendAt(absl::Time time) {
    if (time <= absl::Now()) return Send();
    alarm_.Set(&queue_, absl::ToChronoTime(time), this);
  }

  void Send() {
    context_.emplace();
    context_->set_deadline(absl::ToChronoTime(absl::Now() + kCallTimeout));
    response_.Clear();
    answer_ = Call::Prepare(stub_, &*context_, request_, &queue_);
    answer_->StartCall();
    answer_->Finish(&response_, &grpc_status_, this);
  }

  Stub& stub_;
  grpc::CompletionQueue& queue_;
  const LoadOptions& options_;
  Progress& progress_;

  Chunk chunk_;
  absl::Time start_;
  typename Call::Request request_;
  typename Call::Response response_;
  grpc::Status grpc_status_;
  grpc::Alarm alarm_;
  std::optional<grpc::ClientContext> context_;
  // Of the call under way.
  std::unique_ptr<grpc::ClientAsyncResponseReader<typename Call::Response>> answer_;
};

template <typename Call>
void Make(const std::shared_ptr<grpc::Channel>& channel, const LoadOptions& options,
          Progress& progress) {
  typename Call::Stub stub(channel);
  grpc::CompletionQueue queue;
  std::list<Caller<Call>> callers;
  int waiting = 0;
  for (int i = 0; i < options.callers; ++i) {
    waiting += callers.emplace_back(stub, queue, options, progress).Begin() ? 1 : 0;
  }
  void* tag = nullptr;
  bool ok = false;
  while (waiting > 0 && queue.Next(&tag, &ok)) {
    waiting -= static_cast<Caller<Call>*>(tag)->Proceed() ? 0 : 1;
  }
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) continue;
}

}  // namespace

void MakeCalls(const std::shared_ptr<grpc::Channel>& channel, const LoadOptions& options,
               Progress& progress) {
  if (options.way == Way::kUnary) return Make<UnaryCall>(channel, options, progress);
  if (options.way == Way::kNothing) return Make<NothingCall>(channel, options, progress);
  Make<BatchCall>(channel, options, progress);
}

}  // namespace crier::bench
