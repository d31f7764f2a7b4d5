// The delivery service as a whole.
#ifndef CRIER_SERVICES_DELIVERY_SERVER_H_
#define CRIER_SERVICES_DELIVERY_SERVER_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "common/process/service.h"
#include "services/delivery/options.h"

namespace crier::delivery {

// Creates or updates schema and role; see pg::Migrate.
absl::Status Migrate(const DeliveryOptions& options);

// The composition root: owns every part.
class DeliveryServer : public process::Service {
 public:
  // The options are such as pass the checks of AddOptions. `registry` and `clock` must outlive the
  // server.
  DeliveryServer(const DeliveryOptions& options, metrics::Registry& registry,
                 const Clock& clock = SystemClock());
  // As Stop().
  ~DeliveryServer() override;

  std::vector<grpc::Service*> rpc_services() override;
  void Start(rpc::Server& server) override;
  // OK when the schema is there and has a place for the deliveries of today.
  absl::Status CheckReady(absl::Time deadline) override;
  // Begins no more attempts, waits a few seconds for those under way, gives the shards back.
  void Stop() override;

  // How many of the kShardCount shards this replica works on.
  int held_shards() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_SERVER_H_
