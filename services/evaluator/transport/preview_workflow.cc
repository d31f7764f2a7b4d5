// PreviewWorkflow: what criteria would do.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/management/confirmation.h"
#include "services/evaluator/transport/workflow_proto.h"
#include "services/evaluator/transport/workflow_service.h"

namespace crier::evaluator::transport {
namespace {

namespace v1 = workflow::v1;
using Request = v1::PreviewWorkflowRequest;

constexpr int kDefaultSamples = 5;
constexpr int kMaxSamples = 20;
constexpr int kDefaultDays = 7;
constexpr int kMaxDays = 365;

// 0 means the default.
int ReadNumber(absl::string_view field, int value, int default_value, int max,
               FieldViolations& violations) {
  if (value < 0 || value > max) {
    violations.Add(field, absl::StrCat("must be from 1 to ", max, ", or 0 for ", default_value));
  }
  return value == 0 ? default_value : value;
}

v1::PreviewWorkflowResponse::Sample ToProto(Preview::Sample sample) {
  v1::PreviewWorkflowResponse::Sample proto;
  entity::v1::Event& event = sample.event;
  switch (event.entity_case()) {
    case entity::v1::Event::kOrganization:
      proto.mutable_organization()->Swap(event.mutable_organization());
      break;
    case entity::v1::Event::kActivity:
      proto.mutable_activity()->Swap(event.mutable_activity());
      break;
    default:
      proto.mutable_contact()->Swap(event.mutable_contact());
  }
  for (std::string& reason : sample.reasons) proto.add_reasons(std::move(reason));
  return proto;
}

}  // namespace

absl::StatusOr<Workflow> WorkflowService::ReadSubject(int64_t community, const Request& request,
                                                      absl::Time deadline) {
  switch (request.subject_case()) {
    case Request::kName: {
      ASSIGN_OR_RETURN(const WorkflowId id,
                       api::ParseResource("name", api::kWorkflows, request.name()));
      if (id.community != community) {
        return InvalidField("name", "must be of the community that `parent` names");
      }
      return workflows_.Get(id, deadline);
    }
    case Request::kWorkflow: {
      FieldViolations violations;
      Workflow workflow = ReadUnsavedWorkflow(community, request.workflow(), violations);
      RETURN_IF_ERROR(violations.ToStatus());
      return workflow;
    }
    default:
      return InvalidField("name", "must be set, or else `workflow`");
  }
}

grpc::ServerUnaryReactor* WorkflowService::PreviewWorkflow(grpc::CallbackServerContext* context,
                                                           const Request* request,
                                                           v1::PreviewWorkflowResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t community, api::ParseCommunity("parent", request->parent()));
    FieldViolations violations;
    const int samples =
        ReadNumber("sample_size", request->sample_size(), kDefaultSamples, kMaxSamples, violations);
    const int days = ReadNumber("days", request->days(), kDefaultDays, kMaxDays, violations);
    RETURN_IF_ERROR(violations.ToStatus());
    ASSIGN_OR_RETURN(const Workflow workflow, ReadSubject(community, *request, call.deadline));
    ASSIGN_OR_RETURN(Preview preview,
                     previewer_.Run(workflow, samples, days * absl::Hours(24), call.deadline));
    response->set_match_count(preview.match_count);
    response->set_recent_count(preview.recent_count);
    response->set_confirmation_token(
        MakeConfirmationToken(community, workflow.filter, preview.match_count, clock_.Now()));
    response->set_confirmation_required(enable_guard_.IsNeeded(workflow, preview.match_count));
    response->set_sample_payload(std::move(preview.sample_payload));
    for (Preview::Sample& sample : preview.samples) {
      *response->add_samples() = ToProto(std::move(sample));
    }
    return absl::OkStatus();
  });
}

}  // namespace crier::evaluator::transport
