#include "services/ingest/transport/ingest_service.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/random/random.h"
#include "absl/time/time.h"
#include "common/rpc/call_later.h"
#include "common/rpc/call_observer.h"
#include "common/rpc/frame_stream.h"
#include "common/rpc/unary.h"
#include "common/status/errors.h"
#include "common/trace/context.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/transport/record_feeder.h"
#include "services/ingest/transport/requests.h"

namespace crier::ingest::transport {
namespace {

// gRPC makes a request for one call, and reads it no more once the handler has it: so what is in it
// can be taken and need not be copied.
template <typename Request>
std::shared_ptr<Request> Own(const Request* request) {
  return std::make_shared<Request>(std::move(*const_cast<Request*>(request)));
}

// The most failures that the answer to a stream lists.
constexpr int kMaxListedFailures = 100;

// Adds the results of a frame to those of the stream.
void Collect(const v1::IngestAcknowledgement& frame, v1::StreamIngestResponse& response) {
  int64_t index = response.created_count() + response.updated_count() + response.unchanged_count() +
                  response.failed_count();
  for (const v1::BatchIngestItemResult& item : frame.results()) {
    if (item.has_error()) {
      response.set_failed_count(response.failed_count() + 1);
      if (response.failures_size() < kMaxListedFailures) {
        v1::StreamIngestFailure& failure = *response.add_failures();
        failure.set_index(index);
        *failure.mutable_error() = item.error();
      }
    } else if (item.result().outcome() == v1::IngestResult::CREATED) {
      response.set_created_count(response.created_count() + 1);
    } else if (item.result().outcome() == v1::IngestResult::UPDATED) {
      response.set_updated_count(response.updated_count() + 1);
    } else {
      response.set_unchanged_count(response.unchanged_count() + 1);
    }
    ++index;
  }
}

// After which a batch that was not let in is to come again: not the same for all who were refused.
absl::Duration DelayOfABatch() {
  thread_local absl::BitGen random;
  return absl::Milliseconds(absl::Uniform(random, 200, 1000));
}

// Whether the database could not be reached for some of the frame.
bool IsToComeAgain(const v1::IngestAcknowledgement& frame) {
  return std::any_of(frame.results().begin(), frame.results().end(), [](const auto& item) {
    return item.error().code() == static_cast<int>(absl::StatusCode::kUnavailable);
  });
}

// Work of the streams: feeds each frame to the sink. One that is to come again is answered as late
// as that: a client that streams on regardless is held back like by any frame that takes long.
template <typename Request>
typename rpc::FrameStream<Request, v1::IngestAcknowledgement>::Work FeedTo(
    RecordSink& sink, const grpc::CallbackServerContext& context) {
  const auto feeder = std::make_shared<RecordFeeder>(
      sink, absl::FromChrono(context.deadline()), trace::FormatTraceparent(rpc::TraceOf(context)));
  return [feeder](std::shared_ptr<Request> request, v1::IngestAcknowledgement& reply,
                  std::function<void(absl::Status)> done) {
    feeder->Feed(std::shared_ptr<RecordFeeder::Items>(request, request->mutable_items()),
                 *reply.mutable_results(),
                 [&reply, done = std::move(done)](const absl::Status& status) {
                   if (!IsToComeAgain(reply)) return done(status);
                   rpc::CallLater(kCallAgainAfter, [done, status] { done(status); });
                 });
  };
}

}  // namespace

template <typename Request>
grpc::ServerUnaryReactor* IngestService::IngestOne(grpc::CallbackServerContext* context,
                                                   const Request* request,
                                                   v1::IngestResult* response) {
  return rpc::StartUnary(context, [&](const rpc::CallContext& call, const rpc::FinishCall& finish) {
    absl::StatusOr<Record> record = ToRecord(Own(request));
    if (!record.ok()) return finish(record.status());
    record->traceparent = trace::FormatTraceparent(call.trace);
    const absl::Status taken =
        sink_.Submit(*std::move(record), call.deadline,
                     [response, finish](const absl::StatusOr<Ingested>& result) {
                       if (result.ok()) *response = ToProto(*result);
                       finish(result.status());
                     });
    if (!taken.ok()) finish(taken);
  });
}

grpc::ServerUnaryReactor* IngestService::UpsertContact(grpc::CallbackServerContext* context,
                                                       const v1::UpsertContactRequest* request,
                                                       v1::IngestResult* response) {
  return IngestOne(context, request, response);
}

grpc::ServerUnaryReactor* IngestService::UpsertOrganization(
    grpc::CallbackServerContext* context, const v1::UpsertOrganizationRequest* request,
    v1::IngestResult* response) {
  return IngestOne(context, request, response);
}

grpc::ServerUnaryReactor* IngestService::RecordActivity(grpc::CallbackServerContext* context,
                                                        const v1::RecordActivityRequest* request,
                                                        v1::IngestResult* response) {
  return IngestOne(context, request, response);
}

grpc::ServerUnaryReactor* IngestService::BatchIngest(grpc::CallbackServerContext* context,
                                                     const v1::BatchIngestRequest* request,
                                                     v1::BatchIngestResponse* response) {
  return rpc::StartUnary(context, [&](const rpc::CallContext& call, const rpc::FinishCall& finish) {
    const size_t bytes = request->ByteSizeLong();
    if (!batches_.Enter(bytes)) {
      observer_.OnRefused(static_cast<size_t>(request->items_size()));
      return finish(OverloadedError("too many batches wait for room; retry after the given delay",
                                    DelayOfABatch()));
    }
    const auto own = Own(request);
    const auto feeder =
        std::make_shared<RecordFeeder>(sink_, call.deadline, trace::FormatTraceparent(call.trace));
    feeder->Feed(std::shared_ptr<RecordFeeder::Items>(own, own->mutable_items()),
                 *response->mutable_results(), [this, bytes, finish](const absl::Status& status) {
                   batches_.Leave(bytes);
                   finish(status);
                 });
  });
}

grpc::ServerReadReactor<grpc::ByteBuffer>* IngestService::StreamIngest(
    grpc::CallbackServerContext* context, grpc::ByteBuffer* response) {
  return rpc::FrameCollection<v1::StreamIngestRequest, v1::IngestAcknowledgement,
                              v1::StreamIngestResponse>::Start(streams_,
                                                               FeedTo<v1::StreamIngestRequest>(
                                                                   sink_, *context),
                                                               &Collect, response);
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
IngestService::StreamIngestWithAcknowledgements(grpc::CallbackServerContext* context) {
  using Request = v1::StreamIngestWithAcknowledgementsRequest;
  return rpc::FrameExchange<Request, v1::IngestAcknowledgement>::Start(
      streams_, FeedTo<Request>(sink_, *context));
}

}  // namespace crier::ingest::transport
