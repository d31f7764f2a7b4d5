#include "services/evaluator/transport/delivery_client.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/api/resource_name.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::evaluator::transport {
namespace {

using delivery::v1::DeliveryService;
using delivery::v1::WebhookService;

constexpr char kPeer[] = "delivery";

// Where the producer stands, if that is what the status tells.
std::optional<int64_t> ActualPosition(const absl::Status& status) {
  if (!absl::IsAborted(status) || ErrorReason(status) != "POSITION_MISMATCH") return std::nullopt;
  const std::optional<std::string> text = ErrorMetadata(status, "actual_position");
  int64_t position = 0;
  if (!text || !absl::SimpleAtoi(*text, &position)) return std::nullopt;
  return position;
}

std::vector<WebhookId> DroppedWebhooks(const delivery::v1::EnqueueDeliveriesResponse& response) {
  std::vector<WebhookId> dropped;
  for (const std::string& name : response.dropped_webhooks()) {
    const auto id = api::ParseResource("dropped_webhooks", api::kWebhooks, name);
    if (id.ok()) dropped.push_back(*id);
  }
  return dropped;
}

}  // namespace

absl::StatusOr<int64_t> DeliveryClient::Enqueue(absl::string_view producer,
                                                int64_t expected_position, Batch batch,
                                                absl::Time deadline) {
  delivery::v1::EnqueueDeliveriesRequest request;
  request.set_producer(std::string(producer));
  request.set_expected_position(expected_position);
  request.set_next_position(batch.next_position);
  request.mutable_messages()->Swap(&batch.messages);
  request.mutable_erasures()->Swap(&batch.erasures);
  delivery::v1::EnqueueDeliveriesResponse response;
  const absl::Status status =
      deliveries_.Call(&DeliveryService::Stub::EnqueueDeliveries, request, response, deadline);
  if (const std::optional<int64_t> actual = ActualPosition(status)) return *actual;
  RETURN_IF_ERROR(PeerStatus(status, kPeer));
  if (observer_ != nullptr) observer_->HandedOver(request.messages(), DroppedWebhooks(response));
  return batch.next_position;
}

absl::StatusOr<int64_t> DeliveryClient::Position(absl::string_view producer, absl::Time deadline) {
  delivery::v1::GetProducerPositionRequest request;
  request.set_producer(std::string(producer));
  delivery::v1::ProducerPosition position;
  RETURN_IF_ERROR(PeerStatus(
      deliveries_.Call(&DeliveryService::Stub::GetProducerPosition, request, position, deadline),
      kPeer));
  return position.position();
}

absl::StatusOr<bool> DeliveryClient::WebhookExists(const WebhookId& id, absl::Time deadline) {
  delivery::v1::GetWebhookRequest request;
  request.set_name(api::ResourceName(api::kWebhooks, id));
  delivery::v1::Webhook webhook;
  const absl::Status status =
      webhooks_.Call(&WebhookService::Stub::GetWebhook, request, webhook, deadline);
  if (absl::IsNotFound(status)) return false;
  RETURN_IF_ERROR(PeerStatus(status, kPeer));
  return true;
}

}  // namespace crier::evaluator::transport
