// The delivery service as a sink of matches.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_DELIVERY_CLIENT_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_DELIVERY_CLIENT_H_

#include <grpcpp/channel.h>

#include <memory>

#include "crier/delivery/v1/delivery_service.grpc.pb.h"
#include "crier/delivery/v1/webhook_service.grpc.pb.h"
#include "services/evaluator/domain/matching/hand_over_observer.h"
#include "services/evaluator/domain/peers/delivery_sink.h"
#include "services/evaluator/transport/peer.h"

namespace crier::evaluator::transport {

// Thread-safe.
class DeliveryClient : public DeliverySink {
 public:
  // `observer` is told what this process stored, and must outlive the client; may be null.
  explicit DeliveryClient(HandOverObserver* observer = nullptr) : observer_(observer) {}

  // To be called once; before it, every call answers UNAVAILABLE.
  void Connect(const std::shared_ptr<grpc::Channel>& channel) {
    deliveries_.Connect(channel);
    webhooks_.Connect(channel);
  }

  absl::StatusOr<int64_t> Enqueue(absl::string_view producer, int64_t expected_position,
                                  Batch batch, absl::Time deadline) override;
  absl::StatusOr<int64_t> Position(absl::string_view producer, absl::Time deadline) override;
  absl::StatusOr<bool> WebhookExists(const WebhookId& id, absl::Time deadline) override;

 private:
  HandOverObserver* const observer_;
  LateStub<delivery::v1::DeliveryService> deliveries_;
  LateStub<delivery::v1::WebhookService> webhooks_;
};

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_DELIVERY_CLIENT_H_
