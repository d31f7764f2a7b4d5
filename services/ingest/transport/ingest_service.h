// IngestService over gRPC.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_INGEST_SERVICE_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_INGEST_SERVICE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "common/rpc/open_streams.h"
#include "crier/ingest/v1/ingest_service.grpc.pb.h"
#include "services/ingest/domain/records/record_sink.h"
#include "services/ingest/domain/writing/ingester.h"
#include "services/ingest/transport/batch_admission.h"

namespace crier::ingest::transport {

// Unary methods get messages; streams get bytes, which rpc::FrameStream parses.
using IngestServiceMethods = v1::IngestService::WithCallbackMethod_UpsertContact<
    v1::IngestService::WithCallbackMethod_UpsertOrganization<
        v1::IngestService::WithCallbackMethod_RecordActivity<
            v1::IngestService::WithCallbackMethod_BatchIngest<
                v1::IngestService::WithRawCallbackMethod_StreamIngest<
                    v1::IngestService::WithRawCallbackMethod_StreamIngestWithAcknowledgements<
                        v1::IngestService::Service>>>>>>;

// Thread-safe. Checks requests and hands their records to the sink; no handler waits.
class IngestService : public IngestServiceMethods {
 public:
  // The parts must outlive the server.
  IngestService(RecordSink& sink, IngestObserver& observer)
      : sink_(sink), observer_(observer), batches_(kMaxBatchBytes) {}

  // Ends all streams with `status`, once what they have read is answered.
  void CloseStreams(const absl::Status& status) { streams_.Close(status); }

  grpc::ServerUnaryReactor* UpsertContact(grpc::CallbackServerContext* context,
                                          const v1::UpsertContactRequest* request,
                                          v1::IngestResult* response) override;
  grpc::ServerUnaryReactor* UpsertOrganization(grpc::CallbackServerContext* context,
                                               const v1::UpsertOrganizationRequest* request,
                                               v1::IngestResult* response) override;
  grpc::ServerUnaryReactor* RecordActivity(grpc::CallbackServerContext* context,
                                           const v1::RecordActivityRequest* request,
                                           v1::IngestResult* response) override;
  grpc::ServerUnaryReactor* BatchIngest(grpc::CallbackServerContext* context,
                                        const v1::BatchIngestRequest* request,
                                        v1::BatchIngestResponse* response) override;
  grpc::ServerReadReactor<grpc::ByteBuffer>* StreamIngest(grpc::CallbackServerContext* context,
                                                          grpc::ByteBuffer* response) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StreamIngestWithAcknowledgements(
      grpc::CallbackServerContext* context) override;

 private:
  // Of the batches that are under way.
  static constexpr size_t kMaxBatchBytes = 32 * 1024 * 1024;

  template <typename Request>
  grpc::ServerUnaryReactor* IngestOne(grpc::CallbackServerContext* context, const Request* request,
                                      v1::IngestResult* response);

  RecordSink& sink_;
  IngestObserver& observer_;
  BatchAdmission batches_;
  rpc::OpenStreams streams_;
};

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_INGEST_SERVICE_H_
