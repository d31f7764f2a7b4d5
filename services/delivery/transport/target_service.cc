#include "services/delivery/transport/target_service.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/delivery/domain/payloads/payload.h"
#include "services/delivery/transport/enqueue_request.h"

namespace crier::delivery::transport {
namespace {

constexpr int kMaxWebhooks = 1000;

absl::StatusOr<std::vector<WebhookId>> ReadWebhooks(const v1::FindMissingWebhooksRequest& request) {
  if (request.webhooks_size() > kMaxWebhooks) {
    return InvalidField("webhooks", "must have at most 1,000 elements; ask several times");
  }
  std::vector<WebhookId> ids;
  FieldViolations violations;
  for (int i = 0; i < request.webhooks_size(); ++i) {
    const auto id =
        api::ParseResource(absl::StrCat("webhooks[", i, "]"), api::kWebhooks, request.webhooks(i));
    violations.AddAll("", id.status());
    if (id.ok()) ids.push_back(*id);
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return ids;
}

}  // namespace

grpc::ServerUnaryReactor* TargetService::FindMissingWebhooks(
    grpc::CallbackServerContext* context, const v1::FindMissingWebhooksRequest* request,
    v1::FindMissingWebhooksResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<WebhookId> ids, ReadWebhooks(*request));
    if (ids.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const auto states, webhooks_.States(ids, call.deadline));
    for (int i = 0; i < request->webhooks_size(); ++i) {
      if (!states[i]) response->add_missing_webhooks(request->webhooks(i));
    }
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* TargetService::RenderPayload(grpc::CallbackServerContext* context,
                                                       const v1::RenderPayloadRequest* request,
                                                       v1::RenderPayloadResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const EnqueueRequest::Message message,
                     ReadEnqueueMessage("message", request->message()));
    if (message.targets.size() != 1) {
      return InvalidField("message.targets", "must have exactly one element");
    }
    const EnqueueRequest::Target& target = message.targets.front();
    ASSIGN_OR_RETURN(const Webhook webhook, webhooks_.Get(target.webhook, call.deadline));
    ASSIGN_OR_RETURN(*response->mutable_payload(),
                     delivery::RenderPayload(request->message().event(), target.workflow, webhook,
                                             app_base_url_));
    return absl::OkStatus();
  });
}

}  // namespace crier::delivery::transport
