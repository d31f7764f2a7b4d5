#include "services/evaluator/transport/target_client.h"

#include "common/api/resource_name.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/errors.h"

namespace crier::evaluator::transport {
namespace {

using delivery::v1::TargetService;

constexpr char kPeer[] = "delivery";

}  // namespace

absl::StatusOr<std::vector<WebhookId>> TargetClient::FindMissing(
    const std::vector<WebhookId>& webhooks, absl::Time deadline) {
  delivery::v1::FindMissingWebhooksRequest request;
  for (const WebhookId& id : webhooks) {
    request.add_webhooks(api::ResourceName(api::kWebhooks, id));
  }
  delivery::v1::FindMissingWebhooksResponse response;
  RETURN_IF_ERROR(PeerStatus(
      stub_.Call(&TargetService::Stub::FindMissingWebhooks, request, response, deadline), kPeer));
  std::vector<WebhookId> missing;
  for (const std::string& name : response.missing_webhooks()) {
    ASSIGN_OR_RETURN(const WebhookId id,
                     api::ParseResource("missing_webhooks", api::kWebhooks, name));
    missing.push_back(id);
  }
  return missing;
}

absl::StatusOr<std::string> TargetClient::RenderPayload(const entity::v1::Event& event,
                                                        const Workflow& workflow,
                                                        absl::Time deadline) {
  const WebhookId webhook = {workflow.id.community, workflow.webhook};
  delivery::v1::RenderPayloadRequest request;
  *request.mutable_message()->mutable_event() = event;
  delivery::v1::EnqueueTarget& target = *request.mutable_message()->add_targets();
  target.set_webhook(api::ResourceName(api::kWebhooks, webhook));
  target.set_workflow(api::ResourceName(api::kWorkflows, workflow.id));
  target.set_workflow_display_name(workflow.display_name);
  delivery::v1::RenderPayloadResponse response;
  const absl::Status status =
      stub_.Call(&TargetService::Stub::RenderPayload, request, response, deadline);
  if (absl::IsNotFound(status)) return WebhookNotFoundError(webhook);
  RETURN_IF_ERROR(PeerStatus(status, kPeer));
  return response.payload();
}

}  // namespace crier::evaluator::transport
