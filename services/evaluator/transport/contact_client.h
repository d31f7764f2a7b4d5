// The ingest service as a source of members.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_CONTACT_CLIENT_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_CONTACT_CLIENT_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "crier/ingest/v1/entity_service.grpc.pb.h"
#include "services/evaluator/domain/runs/contact_source.h"
#include "services/evaluator/transport/peer.h"

namespace crier::evaluator::transport {

// Thread-safe.
class ContactClient : public ContactSource {
 public:
  // To be called once; before it, every call answers UNAVAILABLE.
  void Connect(const std::shared_ptr<grpc::Channel>& channel) { stub_.Connect(channel); }

  std::unique_ptr<ContactStream> Stream(int64_t community, const std::string& filter,
                                        absl::Time evaluate_time, int64_t after,
                                        absl::Time deadline) override;
  absl::StatusOr<int64_t> Count(int64_t community, const std::string& filter,
                                absl::Time evaluate_time, absl::Time deadline) override;
  absl::StatusOr<std::vector<FoundContact>> Get(int64_t community, const std::vector<int64_t>& ids,
                                                absl::Time deadline) override;

 private:
  LateStub<ingest::v1::EntityService> stub_;
};

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_CONTACT_CLIENT_H_
