#include "services/evaluator/transport/run_service.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/paging.h"
#include "common/api/resource_name.h"
#include "common/status/macros.h"
#include "services/evaluator/transport/run_proto.h"

namespace crier::evaluator::transport {
namespace {

namespace v1 = workflow::v1;

std::string ListingScope(const WorkflowId& id) {
  return absl::StrCat("runs of ", api::ResourceName(api::kWorkflows, id));
}

}  // namespace

grpc::ServerUnaryReactor* RunService::RunWorkflow(grpc::CallbackServerContext* context,
                                                  const v1::RunWorkflowRequest* request,
                                                  v1::Run* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WorkflowId id,
                     api::ParseResource("name", api::kWorkflows, request->name()));
    ASSIGN_OR_RETURN(const Run run, runs_.Begin(id, request->full_scan(), call.deadline));
    *response = ToProto(run);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* RunService::GetRun(grpc::CallbackServerContext* context,
                                             const v1::GetRunRequest* request, v1::Run* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const RunId id, ParseRun("name", request->name()));
    ASSIGN_OR_RETURN(const Run run, runs_.Get(id, call.deadline));
    *response = ToProto(run);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* RunService::ListRuns(grpc::CallbackServerContext* context,
                                               const v1::ListRunsRequest* request,
                                               v1::ListRunsResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WorkflowId id,
                     api::ParseResource("parent", api::kWorkflows, request->parent()));
    ASSIGN_OR_RETURN(const int page_size, api::PageSize(request->page_size()));
    const std::string scope = ListingScope(id);
    ASSIGN_OR_RETURN(int64_t before, api::ParseIdPageToken(scope, request->page_token()));
    if (before == 0) before = std::numeric_limits<int64_t>::max();
    // One more than asked for tells whether there is a further page.
    ASSIGN_OR_RETURN(std::vector<Run> runs, runs_.List(id, before, page_size + 1, call.deadline));
    if (runs.size() > static_cast<size_t>(page_size)) {
      runs.resize(page_size);
      response->set_next_page_token(api::MakeIdPageToken(scope, runs.back().id.id));
    }
    for (const Run& run : runs) *response->add_runs() = ToProto(run);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* RunService::CancelRun(grpc::CallbackServerContext* context,
                                                const v1::CancelRunRequest* request,
                                                v1::Run* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const RunId id, ParseRun("name", request->name()));
    ASSIGN_OR_RETURN(const Run run, runs_.Cancel(id, call.deadline));
    *response = ToProto(run);
    return absl::OkStatus();
  });
}

}  // namespace crier::evaluator::transport
