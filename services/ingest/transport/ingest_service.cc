#include "services/ingest/transport/ingest_service.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "common/rpc/status.h"
#include "common/rpc/unary.h"
#include "common/trace/context.h"
#include "services/ingest/transport/requests.h"

namespace crier::ingest {
namespace {

// A BatchIngest on its way. Items complete in any thread, each writing its own result; the last one
// finishes the call.
class Batch {
 public:
  Batch(int items, v1::BatchIngestResponse* response, rpc::FinishCall finish)
      : response_(response), finish_(std::move(finish)), remaining_(items) {
    // All elements exist before anyone writes one: adding would move them.
    for (int i = 0; i < items; ++i) response_->add_results();
  }

  void Complete(int index, const absl::StatusOr<Ingested>& result) {
    v1::BatchIngestItemResult& slot = *response_->mutable_results(index);
    if (result.ok()) {
      *slot.mutable_result() = ToProto(*result);
    } else {
      *slot.mutable_error() = rpc::ToProto(result.status());
    }
    if (remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1) finish_(absl::OkStatus());
  }

 private:
  v1::BatchIngestResponse* const response_;
  const rpc::FinishCall finish_;
  std::atomic<int> remaining_;
};

}  // namespace

template <typename Request>
grpc::ServerUnaryReactor* IngestServiceHandler::IngestOne(grpc::CallbackServerContext* context,
                                                          const Request* request,
                                                          v1::IngestResult* response) {
  return rpc::StartUnary(context, [&](const rpc::CallContext& call, rpc::FinishCall finish) {
    absl::StatusOr<Record> record = ToRecord(*request);
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

grpc::ServerUnaryReactor* IngestServiceHandler::UpsertContact(
    grpc::CallbackServerContext* context, const v1::UpsertContactRequest* request,
    v1::IngestResult* response) {
  return IngestOne(context, request, response);
}

grpc::ServerUnaryReactor* IngestServiceHandler::UpsertOrganization(
    grpc::CallbackServerContext* context, const v1::UpsertOrganizationRequest* request,
    v1::IngestResult* response) {
  return IngestOne(context, request, response);
}

grpc::ServerUnaryReactor* IngestServiceHandler::RecordActivity(
    grpc::CallbackServerContext* context, const v1::RecordActivityRequest* request,
    v1::IngestResult* response) {
  return IngestOne(context, request, response);
}

grpc::ServerUnaryReactor* IngestServiceHandler::BatchIngest(grpc::CallbackServerContext* context,
                                                            const v1::BatchIngestRequest* request,
                                                            v1::BatchIngestResponse* response) {
  return rpc::StartUnary(context, [&](const rpc::CallContext& call, rpc::FinishCall finish) {
    const absl::Status valid = CheckBatch(*request);
    if (!valid.ok()) return finish(valid);
    // The request goes away with the call, which the last item finishes: so the count is kept.
    const int items = request->items_size();
    const std::string traceparent = trace::FormatTraceparent(call.trace);
    const auto batch = std::make_shared<Batch>(items, response, std::move(finish));
    for (int i = 0; i < items; ++i) {
      absl::StatusOr<Record> record = ToRecord(request->items(i));
      if (record.ok()) record->traceparent = traceparent;
      const absl::Status taken =
          record.ok() ? sink_.Submit(*std::move(record), call.deadline,
                                     [batch, i](const absl::StatusOr<Ingested>& result) {
                                       batch->Complete(i, result);
                                     })
                      : record.status();
      if (!taken.ok()) batch->Complete(i, taken);
    }
  });
}

}  // namespace crier::ingest
