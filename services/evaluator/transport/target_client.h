// The delivery service as a directory of webhooks.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_TARGET_CLIENT_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_TARGET_CLIENT_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "crier/delivery/v1/target_service.grpc.pb.h"
#include "services/evaluator/domain/peers/target_directory.h"
#include "services/evaluator/transport/peer.h"

namespace crier::evaluator::transport {

// Thread-safe.
class TargetClient : public TargetDirectory {
 public:
  // To be called once; before it, every call answers UNAVAILABLE.
  void Connect(const std::shared_ptr<grpc::Channel>& channel) { stub_.Connect(channel); }

  absl::StatusOr<std::vector<WebhookId>> FindMissing(const std::vector<WebhookId>& webhooks,
                                                     absl::Time deadline) override;
  absl::StatusOr<std::string> RenderPayload(const entity::v1::Event& event,
                                            const Workflow& workflow, absl::Time deadline) override;

 private:
  LateStub<delivery::v1::TargetService> stub_;
};

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_TARGET_CLIENT_H_
