#include "services/delivery/transport/delivery_proto.h"

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/errors.h"
#include "services/delivery/domain/attempts/notice.h"
#include "services/delivery/transport/exchange_proto.h"

namespace crier::delivery::transport {
namespace {

constexpr absl::string_view kInfix = "/deliveries/";

// Whatever receivers answer, and however often a delivery is sent again, it can be read by a gRPC
// client, which takes 4 MiB by default.
constexpr size_t kAttemptBytes = 2 * 1024 * 1024;

v1::PayloadType PayloadTypeOf(entity::v1::Event::Kind kind) {
  if (static_cast<int>(kind) == kNoticeKind) return v1::NOTICE;
  switch (kind) {
    case entity::v1::Event::CONTACT_FOUND:
    case entity::v1::Event::CONTACT_UPDATED:
      return v1::CONTACT;
    case entity::v1::Event::ORGANIZATION_FOUND:
    case entity::v1::Event::ORGANIZATION_UPDATED:
      return v1::ORGANIZATION;
    case entity::v1::Event::ACTIVITY_FOUND:
    case entity::v1::Event::ACTIVITY_UPDATED:
      return v1::ACTIVITY;
    default:
      return v1::PAYLOAD_TYPE_UNSPECIFIED;
  }
}

v1::Delivery::State ToProto(DeliveryState state) {
  switch (state) {
    case DeliveryState::kPending:
      return v1::Delivery::PENDING;
    case DeliveryState::kSucceeded:
      return v1::Delivery::SUCCEEDED;
    case DeliveryState::kExhausted:
      return v1::Delivery::EXHAUSTED;
    case DeliveryState::kCancelled:
      return v1::Delivery::CANCELLED;
  }
  return v1::Delivery::STATE_UNSPECIFIED;
}

// The newest attempts are whole, within the bound.
void ShortenAttempts(v1::Delivery& delivery) {
  size_t bytes = 0;
  for (int i = delivery.attempts_size() - 1; i >= 0; --i) {
    v1::Exchange& exchange = *delivery.mutable_attempts(i)->mutable_exchange();
    bytes += exchange.ByteSizeLong();
    if (bytes <= kAttemptBytes) continue;
    exchange.clear_request_headers();
    exchange.clear_response_headers();
    exchange.clear_response_body();
  }
}

}  // namespace

std::string DeliveryName(const DeliveryId& id) {
  return absl::StrCat(api::ResourceName(api::kWebhooks, id.webhook), kInfix, id.message.ToString());
}

absl::StatusOr<DeliveryId> ParseDeliveryName(absl::string_view field, absl::string_view name) {
  const size_t infix = name.find(kInfix);
  if (infix != absl::string_view::npos) {
    const absl::StatusOr<WebhookId> webhook =
        api::ParseResource(field, api::kWebhooks, name.substr(0, infix));
    const absl::StatusOr<MessageId> message =
        MessageId::FromString(name.substr(infix + kInfix.size()));
    if (webhook.ok() && message.ok()) return DeliveryId{*webhook, *message};
  }
  return InvalidField(
      field,
      "must have the form "
      "communities/{community}/webhooks/{webhook}/deliveries/msg_…, with positive numbers and "
      "the whole id of the message");
}

v1::Delivery ToProto(const DeliveryRecord& record) {
  v1::Delivery delivery;
  delivery.set_name(DeliveryName(record.id));
  if (record.workflow_id != 0) {
    delivery.set_workflow(
        api::ResourceName(api::kWorkflows, {record.id.webhook.community, record.workflow_id}));
  }
  delivery.set_payload_type(PayloadTypeOf(record.event_kind));
  delivery.set_state(ToProto(record.state));
  for (const Attempt& attempt : record.attempts) {
    v1::Attempt& added = *delivery.add_attempts();
    added.set_number(attempt.number);
    *added.mutable_exchange() = ToProto(attempt.exchange);
  }
  ShortenAttempts(delivery);
  if (record.next_attempt_time) {
    *delivery.mutable_next_attempt_time() = api::ToProto(*record.next_attempt_time);
  }
  *delivery.mutable_event_accept_time() = api::ToProto(record.event_accept_time);
  *delivery.mutable_create_time() = api::ToProto(record.create_time());
  delivery.set_erased(record.erased);
  return delivery;
}

}  // namespace crier::delivery::transport
