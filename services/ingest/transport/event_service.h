// EventService over gRPC.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_EVENT_SERVICE_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_EVENT_SERVICE_H_

#include "common/rpc/executor.h"
#include "crier/ingest/v1/event_service.grpc.pb.h"
#include "services/ingest/domain/event_log.h"
#include "services/ingest/domain/log_tail.h"

namespace crier::ingest {

// Thread-safe. The parts must outlive the server.
class EventServiceHandler : public v1::EventService::CallbackService {
 public:
  EventServiceHandler(EventLog& log, LogTail& tail, rpc::Executor& executor)
      : log_(log), tail_(tail), executor_(executor) {}

  grpc::ServerWriteReactor<v1::SubscribeResponse>* Subscribe(
      grpc::CallbackServerContext* context, const v1::SubscribeRequest* request) override;
  grpc::ServerUnaryReactor* GetLogHead(grpc::CallbackServerContext* context,
                                       const v1::GetLogHeadRequest* request,
                                       v1::LogHead* response) override;
  grpc::ServerUnaryReactor* ListLogHeads(grpc::CallbackServerContext* context,
                                         const v1::ListLogHeadsRequest* request,
                                         v1::ListLogHeadsResponse* response) override;

 private:
  EventLog& log_;
  LogTail& tail_;
  rpc::Executor& executor_;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_EVENT_SERVICE_H_
