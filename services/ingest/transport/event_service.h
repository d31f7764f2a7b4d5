// EventService over gRPC.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_EVENT_SERVICE_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_EVENT_SERVICE_H_

#include "common/base/clock.h"
#include "common/rpc/executor.h"
#include "crier/ingest/v1/event_service.grpc.pb.h"
#include "services/ingest/domain/log/event_log.h"
#include "services/ingest/domain/log/log_readers.h"
#include "services/ingest/domain/log/log_tail.h"

namespace crier::ingest::transport {

// Thread-safe. The parts must outlive the server.
class EventService
    : public v1::EventService::WithRawCallbackMethod_Subscribe<v1::EventService::CallbackService> {
 public:
  EventService(EventLog& log, LogTail& tail, LogReaders& readers, rpc::Executor& executor,
               const Clock& clock)
      : log_(log), tail_(tail), readers_(readers), executor_(executor), clock_(clock) {}

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Subscribe(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* bytes) override;
  grpc::ServerUnaryReactor* GetLogHead(grpc::CallbackServerContext* context,
                                       const v1::GetLogHeadRequest* request,
                                       v1::LogHead* response) override;
  grpc::ServerUnaryReactor* ListLogHeads(grpc::CallbackServerContext* context,
                                         const v1::ListLogHeadsRequest* request,
                                         v1::ListLogHeadsResponse* response) override;
  grpc::ServerUnaryReactor* RegisterReader(grpc::CallbackServerContext* context,
                                           const v1::RegisterReaderRequest* request,
                                           v1::LogReader* response) override;
  grpc::ServerUnaryReactor* ConfirmPositions(grpc::CallbackServerContext* context,
                                             const v1::ConfirmPositionsRequest* request,
                                             google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* ListReaders(grpc::CallbackServerContext* context,
                                        const v1::ListReadersRequest* request,
                                        v1::ListReadersResponse* response) override;
  grpc::ServerUnaryReactor* DeleteReader(grpc::CallbackServerContext* context,
                                         const v1::DeleteReaderRequest* request,
                                         google::protobuf::Empty* response) override;

 private:
  EventLog& log_;
  LogTail& tail_;
  LogReaders& readers_;
  rpc::Executor& executor_;
  const Clock& clock_;
};

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_EVENT_SERVICE_H_
