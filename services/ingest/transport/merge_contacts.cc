#include "services/ingest/transport/merge_contacts.h"

#include <utility>

#include "common/rpc/unary.h"
#include "common/trace/context.h"
#include "services/ingest/transport/requests.h"

namespace crier::ingest::transport {

grpc::ServerUnaryReactor* MergeContacts(RecordSink& sink, grpc::CallbackServerContext* context,
                                        const v1::MergeContactsRequest* request,
                                        entity::v1::Contact* response) {
  return rpc::StartUnary(context, [&](const rpc::CallContext& call, const rpc::FinishCall& finish) {
    absl::StatusOr<Record> record = ToRecord(*request);
    if (!record.ok()) return finish(record.status());
    record->traceparent = trace::FormatTraceparent(call.trace);
    const absl::Status taken =
        sink.Submit(*std::move(record), call.deadline,
                    [response, finish](const absl::StatusOr<Ingested>& result) {
                      if (result.ok()) *response = *result->winner;
                      finish(result.status());
                    });
    if (!taken.ok()) finish(taken);
  });
}

}  // namespace crier::ingest::transport
