// The ingest service as a source of entities.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_ENTITY_CLIENT_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_ENTITY_CLIENT_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "crier/ingest/v1/entity_service.grpc.pb.h"
#include "services/evaluator/domain/peers/entity_source.h"
#include "services/evaluator/transport/peer.h"

namespace crier::evaluator::transport {

// Thread-safe.
class EntityClient : public EntitySource {
 public:
  // To be called once; before it, every call answers UNAVAILABLE.
  void Connect(const std::shared_ptr<grpc::Channel>& channel) { stub_.Connect(channel); }

  absl::StatusOr<int64_t> Count(Template workflow_template, int64_t community,
                                const std::string& filter, absl::Time evaluate_time,
                                absl::Time deadline) override;
  absl::StatusOr<std::vector<entity::v1::Event>> Find(Template workflow_template, int64_t community,
                                                      const std::string& filter, int limit,
                                                      absl::Time deadline) override;

 private:
  LateStub<ingest::v1::EntityService> stub_;
};

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_ENTITY_CLIENT_H_
