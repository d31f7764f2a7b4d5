#include "services/evaluator/transport/workflow_service.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/api/field_mask.h"
#include "common/api/paging.h"
#include "common/api/resource_name.h"
#include "common/api/validation.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/evaluator/transport/workflow_proto.h"

namespace crier::evaluator::transport {
namespace {

namespace v1 = workflow::v1;

absl::StatusOr<WorkflowId> ParseWorkflow(absl::string_view field, const std::string& name) {
  return api::ParseResource(field, api::kWorkflows, name);
}

}  // namespace

absl::StatusOr<std::vector<v1::Workflow>> WorkflowService::Show(
    const std::vector<Workflow>& workflows, absl::Time deadline) {
  std::vector<WorkflowId> ids;
  for (const Workflow& workflow : workflows) ids.push_back(workflow.id);
  ASSIGN_OR_RETURN(const std::vector<Statistics> statistics, statistics_.Get(ids, deadline));
  std::vector<v1::Workflow> shown;
  for (size_t i = 0; i < workflows.size(); ++i) {
    shown.push_back(ToProto(workflows[i]));
    SetStatistics(statistics[i], shown.back());
  }
  RETURN_IF_ERROR(AddReleases(workflows, deadline, shown));
  return shown;
}

absl::Status WorkflowService::AddReleases(const std::vector<Workflow>& workflows,
                                          absl::Time deadline, std::vector<v1::Workflow>& shown) {
  std::vector<int64_t> ids;
  for (const Workflow& workflow : workflows) ids.push_back(workflow.id.id);
  if (ids.empty()) return absl::OkStatus();
  // All are of one community.
  ASSIGN_OR_RETURN(const auto releases,
                   releases_.Get(workflows.front().id.community, ids, clock_.Now(), deadline));
  for (size_t i = 0; i < workflows.size(); ++i) {
    const auto release = releases.find(workflows[i].id.id);
    if (release != releases.end()) AddReleaseStatus(release->second, shown[i]);
  }
  return absl::OkStatus();
}

absl::Status WorkflowService::Show(const Workflow& workflow, absl::Time deadline,
                                   v1::Workflow& response) {
  ASSIGN_OR_RETURN(std::vector<v1::Workflow> shown, Show({workflow}, deadline));
  response = std::move(shown.front());
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* WorkflowService::CreateWorkflow(grpc::CallbackServerContext* context,
                                                          const v1::CreateWorkflowRequest* request,
                                                          v1::Workflow* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t community, api::ParseCommunity("parent", request->parent()));
    FieldViolations violations;
    api::CheckRequestId(request->request_id(), violations);
    NewWorkflow workflow = ReadNewWorkflow(community, request->workflow(), violations);
    RETURN_IF_ERROR(violations.ToStatus());
    workflow.request_id = request->request_id();
    ASSIGN_OR_RETURN(const Workflow created, request->validate_only()
                                                 ? workflows_.Preview(workflow, call.deadline)
                                                 : workflows_.Create(workflow, call.deadline));
    if (request->validate_only()) {
      *response = ToProto(created);
      return absl::OkStatus();
    }
    return Show(created, call.deadline, *response);
  });
}

grpc::ServerUnaryReactor* WorkflowService::GetWorkflow(grpc::CallbackServerContext* context,
                                                       const v1::GetWorkflowRequest* request,
                                                       v1::Workflow* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WorkflowId id, ParseWorkflow("name", request->name()));
    ASSIGN_OR_RETURN(const Workflow workflow, workflows_.Get(id, call.deadline));
    return Show(workflow, call.deadline, *response);
  });
}

grpc::ServerUnaryReactor* WorkflowService::ListWorkflows(grpc::CallbackServerContext* context,
                                                         const v1::ListWorkflowsRequest* request,
                                                         v1::ListWorkflowsResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t community, api::ParseCommunity("parent", request->parent()));
    ASSIGN_OR_RETURN(const int page_size, api::PageSize(request->page_size()));
    const std::string listing = api::CommunityListing(api::kWorkflows, community);
    ASSIGN_OR_RETURN(const int64_t after, api::ParseIdPageToken(listing, request->page_token()));
    // One more than asked for tells whether there is a further page.
    ASSIGN_OR_RETURN(std::vector<Workflow> workflows,
                     workflows_.List(community, after, page_size + 1, call.deadline));
    if (workflows.size() > static_cast<size_t>(page_size)) {
      workflows.resize(page_size);
      response->set_next_page_token(api::MakeIdPageToken(listing, workflows.back().id.id));
    }
    ASSIGN_OR_RETURN(std::vector<v1::Workflow> shown, Show(workflows, call.deadline));
    for (v1::Workflow& workflow : shown) *response->add_workflows() = std::move(workflow);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* WorkflowService::UpdateWorkflow(grpc::CallbackServerContext* context,
                                                          const v1::UpdateWorkflowRequest* request,
                                                          v1::Workflow* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    const v1::Workflow& wanted = request->workflow();
    ASSIGN_OR_RETURN(const WorkflowId id, ParseWorkflow("workflow.name", wanted.name()));
    ASSIGN_OR_RETURN(const std::set<std::string> fields,
                     api::FieldsToUpdate(request->update_mask(), wanted, UpdatableFields()));
    FieldViolations violations;
    const WorkflowUpdate update = ReadUpdate(id.community, wanted, fields, violations);
    RETURN_IF_ERROR(violations.ToStatus());
    if (update.filter) {
      ASSIGN_OR_RETURN(const Workflow workflow, workflows_.Get(id, call.deadline));
      RETURN_IF_ERROR(enable_guard_.CheckUpdate(workflow, *update.filter,
                                                request->confirmation_token(), call.deadline));
    }
    ASSIGN_OR_RETURN(const Workflow updated, workflows_.Update(id, update, call.deadline));
    return Show(updated, call.deadline, *response);
  });
}

grpc::ServerUnaryReactor* WorkflowService::DeleteWorkflow(grpc::CallbackServerContext* context,
                                                          const v1::DeleteWorkflowRequest* request,
                                                          google::protobuf::Empty*) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WorkflowId id, ParseWorkflow("name", request->name()));
    return workflows_.Delete(id, request->etag(), call.deadline);
  });
}

grpc::ServerUnaryReactor* WorkflowService::EnableWorkflow(grpc::CallbackServerContext* context,
                                                          const v1::EnableWorkflowRequest* request,
                                                          v1::Workflow* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WorkflowId id, ParseWorkflow("name", request->name()));
    ASSIGN_OR_RETURN(const Workflow workflow, workflows_.Get(id, call.deadline));
    RETURN_IF_ERROR(enable_guard_.Check(workflow, request->confirmation_token(), call.deadline));
    ASSIGN_OR_RETURN(const Workflow enabled, workflows_.Enable(id, request->etag(), call.deadline));
    return Show(enabled, call.deadline, *response);
  });
}

grpc::ServerUnaryReactor* WorkflowService::DisableWorkflow(
    grpc::CallbackServerContext* context, const v1::DisableWorkflowRequest* request,
    v1::Workflow* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WorkflowId id, ParseWorkflow("name", request->name()));
    ASSIGN_OR_RETURN(const Workflow disabled,
                     workflows_.Disable(id, request->etag(), call.deadline));
    return Show(disabled, call.deadline, *response);
  });
}

}  // namespace crier::evaluator::transport
