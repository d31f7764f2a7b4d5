// WorkflowService over gRPC.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_WORKFLOW_SERVICE_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_WORKFLOW_SERVICE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/rpc/executor.h"
#include "common/rpc/unary.h"
#include "crier/workflow/v1/workflow_service.grpc.pb.h"
#include "services/evaluator/domain/limits/release_status.h"
#include "services/evaluator/domain/management/enable_guard.h"
#include "services/evaluator/domain/management/previewer.h"
#include "services/evaluator/domain/management/workflows.h"
#include "services/evaluator/domain/matching/statistics_store.h"

namespace crier::evaluator::transport {

// Thread-safe. What the methods mean is said in the .proto.
class WorkflowService : public workflow::v1::WorkflowService::CallbackService {
 public:
  // All must outlive the server that the service is registered with.
  WorkflowService(Workflows& workflows, Previewer& previewer, StatisticsStore& statistics,
                  EnableGuard& enable_guard, ReleaseStatuses& releases, const Clock& clock,
                  rpc::Executor& executor)
      : workflows_(workflows),
        previewer_(previewer),
        statistics_(statistics),
        enable_guard_(enable_guard),
        releases_(releases),
        clock_(clock),
        executor_(executor) {}

  grpc::ServerUnaryReactor* CreateWorkflow(grpc::CallbackServerContext* context,
                                           const workflow::v1::CreateWorkflowRequest* request,
                                           workflow::v1::Workflow* response) override;
  grpc::ServerUnaryReactor* GetWorkflow(grpc::CallbackServerContext* context,
                                        const workflow::v1::GetWorkflowRequest* request,
                                        workflow::v1::Workflow* response) override;
  grpc::ServerUnaryReactor* ListWorkflows(grpc::CallbackServerContext* context,
                                          const workflow::v1::ListWorkflowsRequest* request,
                                          workflow::v1::ListWorkflowsResponse* response) override;
  grpc::ServerUnaryReactor* UpdateWorkflow(grpc::CallbackServerContext* context,
                                           const workflow::v1::UpdateWorkflowRequest* request,
                                           workflow::v1::Workflow* response) override;
  grpc::ServerUnaryReactor* DeleteWorkflow(grpc::CallbackServerContext* context,
                                           const workflow::v1::DeleteWorkflowRequest* request,
                                           google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* EnableWorkflow(grpc::CallbackServerContext* context,
                                           const workflow::v1::EnableWorkflowRequest* request,
                                           workflow::v1::Workflow* response) override;
  grpc::ServerUnaryReactor* DisableWorkflow(grpc::CallbackServerContext* context,
                                            const workflow::v1::DisableWorkflowRequest* request,
                                            workflow::v1::Workflow* response) override;
  grpc::ServerUnaryReactor* PreviewWorkflow(
      grpc::CallbackServerContext* context, const workflow::v1::PreviewWorkflowRequest* request,
      workflow::v1::PreviewWorkflowResponse* response) override;

 private:
  // Converts stored workflows, with their statistics and what they have released.
  absl::StatusOr<std::vector<workflow::v1::Workflow>> Show(const std::vector<Workflow>& workflows,
                                                           absl::Time deadline);
  absl::Status Show(const Workflow& workflow, absl::Time deadline,
                    workflow::v1::Workflow& response);
  // Adds what the workflows have released, and when they will again.
  absl::Status AddReleases(const std::vector<Workflow>& workflows, absl::Time deadline,
                           std::vector<workflow::v1::Workflow>& shown);
  // The workflow that a preview is about.
  absl::StatusOr<Workflow> ReadSubject(int64_t community,
                                       const workflow::v1::PreviewWorkflowRequest& request,
                                       absl::Time deadline);

  Workflows& workflows_;
  Previewer& previewer_;
  StatisticsStore& statistics_;
  EnableGuard& enable_guard_;
  ReleaseStatuses& releases_;
  const Clock& clock_;
  rpc::Executor& executor_;
};

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_WORKFLOW_SERVICE_H_
