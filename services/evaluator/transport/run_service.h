// RunService, as callers know it.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_RUN_SERVICE_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_RUN_SERVICE_H_

#include "common/rpc/executor.h"
#include "common/rpc/unary.h"
#include "crier/workflow/v1/run_service.grpc.pb.h"
#include "services/evaluator/domain/runs/runs.h"

namespace crier::evaluator::transport {

// Thread-safe.
class RunService : public workflow::v1::RunService::CallbackService {
 public:
  // Both must outlive the server that the service is registered with.
  RunService(Runs& runs, rpc::Executor& executor) : runs_(runs), executor_(executor) {}

  grpc::ServerUnaryReactor* RunWorkflow(grpc::CallbackServerContext* context,
                                        const workflow::v1::RunWorkflowRequest* request,
                                        workflow::v1::Run* response) override;
  grpc::ServerUnaryReactor* GetRun(grpc::CallbackServerContext* context,
                                   const workflow::v1::GetRunRequest* request,
                                   workflow::v1::Run* response) override;
  grpc::ServerUnaryReactor* ListRuns(grpc::CallbackServerContext* context,
                                     const workflow::v1::ListRunsRequest* request,
                                     workflow::v1::ListRunsResponse* response) override;
  grpc::ServerUnaryReactor* CancelRun(grpc::CallbackServerContext* context,
                                      const workflow::v1::CancelRunRequest* request,
                                      workflow::v1::Run* response) override;

 private:
  Runs& runs_;
  rpc::Executor& executor_;
};

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_RUN_SERVICE_H_
