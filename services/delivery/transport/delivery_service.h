// DeliveryService over gRPC.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_SERVICE_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_SERVICE_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/message_id.h"
#include "common/metrics/metrics.h"
#include "common/rpc/arena.h"
#include "common/rpc/executor.h"
#include "common/rpc/unary.h"
#include "crier/delivery/v1/delivery_service.grpc.pb.h"
#include "services/delivery/domain/intake/enqueue_batcher.h"
#include "services/delivery/domain/queue/intake_store.h"
#include "services/delivery/domain/repair/delivery_log.h"
#include "services/delivery/domain/repair/payload_reader.h"
#include "services/delivery/domain/repair/repair_store.h"

namespace crier::delivery::transport {

// Thread-safe. What the methods mean is said in the .proto.
class DeliveryService : public v1::DeliveryService::CallbackService {
 public:
  // All of it must outlive the server that the service is registered with. `cancelled` counts
  // deliveries.
  DeliveryService(EnqueueBatcher& enqueuer, IntakeStore& intake, DeliveryLog& log,
                  RepairStore& repairs, const PayloadReader& payloads, const Clock& clock,
                  rpc::Executor& executor, prometheus::Counter& cancelled)
      : enqueuer_(enqueuer),
        intake_(intake),
        log_(log),
        repairs_(repairs),
        payloads_(payloads),
        clock_(clock),
        executor_(executor),
        cancelled_(cancelled) {
    SetMessageAllocatorFor_EnqueueDeliveries(&enqueue_arenas_);
  }

  grpc::ServerUnaryReactor* EnqueueDeliveries(grpc::CallbackServerContext* context,
                                              const v1::EnqueueDeliveriesRequest* request,
                                              v1::EnqueueDeliveriesResponse* response) override;
  grpc::ServerUnaryReactor* GetProducerPosition(grpc::CallbackServerContext* context,
                                                const v1::GetProducerPositionRequest* request,
                                                v1::ProducerPosition* response) override;
  grpc::ServerUnaryReactor* GetDelivery(grpc::CallbackServerContext* context,
                                        const v1::GetDeliveryRequest* request,
                                        v1::Delivery* response) override;
  grpc::ServerUnaryReactor* ListDeliveries(grpc::CallbackServerContext* context,
                                           const v1::ListDeliveriesRequest* request,
                                           v1::ListDeliveriesResponse* response) override;

  // In delivery_service_repair.cc.
  grpc::ServerUnaryReactor* RedeliverDelivery(grpc::CallbackServerContext* context,
                                              const v1::RedeliverDeliveryRequest* request,
                                              v1::Delivery* response) override;
  grpc::ServerUnaryReactor* CancelDelivery(grpc::CallbackServerContext* context,
                                           const v1::CancelDeliveryRequest* request,
                                           v1::Delivery* response) override;
  grpc::ServerUnaryReactor* GetWebhookHealth(grpc::CallbackServerContext* context,
                                             const v1::GetWebhookHealthRequest* request,
                                             v1::WebhookHealth* response) override;

 private:
  // DeliveryNotFoundError when there is none.
  absl::Status Show(const DeliveryId& id, absl::Time deadline, v1::Delivery& response);

  // Adds deliveries until the page is full, by number or by bytes, the log has looked at enough, or
  // the listing ends. `scope` is that of the page token.
  absl::Status FillPage(const DeliveryFilter& filter, const std::string& scope,
                        std::optional<MessageId> before, int page_size, absl::Time deadline,
                        v1::ListDeliveriesResponse& response);

  EnqueueBatcher& enqueuer_;
  IntakeStore& intake_;
  DeliveryLog& log_;
  RepairStore& repairs_;
  const PayloadReader& payloads_;
  const Clock& clock_;
  rpc::Executor& executor_;
  prometheus::Counter& cancelled_;
  rpc::RequestArenas<v1::EnqueueDeliveriesRequest, v1::EnqueueDeliveriesResponse> enqueue_arenas_;
};

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_SERVICE_H_
