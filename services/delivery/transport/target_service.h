// TargetService over gRPC.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_TARGET_SERVICE_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_TARGET_SERVICE_H_

#include <string>
#include <utility>

#include "common/rpc/executor.h"
#include "common/rpc/unary.h"
#include "crier/delivery/v1/target_service.grpc.pb.h"
#include "services/delivery/domain/webhooks/webhook_store.h"

namespace crier::delivery::transport {

// Thread-safe. What the methods mean is said in the .proto.
class TargetService : public v1::TargetService::CallbackService {
 public:
  // Both must outlive the server that the service is registered with. `app_base_url` is that of
  // RenderPayload() (payload.h).
  TargetService(WebhookStore& webhooks, std::string app_base_url, rpc::Executor& executor)
      : webhooks_(webhooks), app_base_url_(std::move(app_base_url)), executor_(executor) {}

  grpc::ServerUnaryReactor* FindMissingWebhooks(grpc::CallbackServerContext* context,
                                                const v1::FindMissingWebhooksRequest* request,
                                                v1::FindMissingWebhooksResponse* response) override;
  grpc::ServerUnaryReactor* RenderPayload(grpc::CallbackServerContext* context,
                                          const v1::RenderPayloadRequest* request,
                                          v1::RenderPayloadResponse* response) override;

 private:
  WebhookStore& webhooks_;
  const std::string app_base_url_;
  rpc::Executor& executor_;
};

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_TARGET_SERVICE_H_
