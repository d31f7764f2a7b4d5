// IngestService over gRPC.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_INGEST_SERVICE_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_INGEST_SERVICE_H_

#include "crier/ingest/v1/ingest_service.grpc.pb.h"
#include "services/ingest/domain/record_sink.h"

namespace crier::ingest {

// Thread-safe. Checks requests and hands their records to the sink; no handler waits.
class IngestServiceHandler : public v1::IngestService::CallbackService {
 public:
  // `sink` must outlive the server.
  explicit IngestServiceHandler(RecordSink& sink) : sink_(sink) {}

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

 private:
  template <typename Request>
  grpc::ServerUnaryReactor* IngestOne(grpc::CallbackServerContext* context, const Request* request,
                                      v1::IngestResult* response);

  RecordSink& sink_;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_INGEST_SERVICE_H_
