// RecoveryService over gRPC.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_RECOVERY_SERVICE_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_RECOVERY_SERVICE_H_

#include "common/base/clock.h"
#include "common/rpc/executor.h"
#include "common/rpc/unary.h"
#include "crier/delivery/v1/recovery_service.grpc.pb.h"
#include "services/delivery/domain/repair/repair_store.h"

namespace crier::delivery::transport {

// Thread-safe. What the methods mean is said in the .proto.
class RecoveryService : public v1::RecoveryService::CallbackService {
 public:
  // All of it must outlive the server that the service is registered with.
  RecoveryService(RepairStore& repairs, const Clock& clock, rpc::Executor& executor)
      : repairs_(repairs), clock_(clock), executor_(executor) {}

  grpc::ServerUnaryReactor* RecoverDeliveries(grpc::CallbackServerContext* context,
                                              const v1::RecoverDeliveriesRequest* request,
                                              v1::Recovery* response) override;
  grpc::ServerUnaryReactor* GetRecovery(grpc::CallbackServerContext* context,
                                        const v1::GetRecoveryRequest* request,
                                        v1::Recovery* response) override;
  grpc::ServerUnaryReactor* ListRecoveries(grpc::CallbackServerContext* context,
                                           const v1::ListRecoveriesRequest* request,
                                           v1::ListRecoveriesResponse* response) override;
  grpc::ServerUnaryReactor* CancelRecovery(grpc::CallbackServerContext* context,
                                           const v1::CancelRecoveryRequest* request,
                                           v1::Recovery* response) override;

 private:
  RepairStore& repairs_;
  const Clock& clock_;
  rpc::Executor& executor_;
};

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_RECOVERY_SERVICE_H_
