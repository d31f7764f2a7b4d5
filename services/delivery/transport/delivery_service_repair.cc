// The methods of DeliveryService that repair, or tell what needs repair.
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "services/delivery/transport/delivery_proto.h"
#include "services/delivery/transport/delivery_service.h"
#include "services/delivery/transport/exchange_proto.h"

namespace crier::delivery::transport {
namespace {

v1::WebhookHealth HealthProto(const WebhookId& webhook, const WebhookHealth& health) {
  v1::WebhookHealth proto;
  proto.set_webhook(api::ResourceName(api::kWebhooks, webhook));
  proto.set_attempt_count(health.attempts);
  proto.set_success_count(health.successes);
  if (health.oldest_create_time) {
    *proto.mutable_oldest_create_time() = api::ToProto(*health.oldest_create_time);
    *proto.mutable_median_duration() = api::ToProto(health.median_duration);
    *proto.mutable_p99_duration() = api::ToProto(health.p99_duration);
  }
  if (health.last_failure) *proto.mutable_last_failure() = ToProto(*health.last_failure);
  proto.set_pending_count(health.pending);
  if (health.next_attempt_time) {
    *proto.mutable_next_attempt_time() = api::ToProto(*health.next_attempt_time);
  }
  if (health.failing_since) *proto.mutable_failing_since() = api::ToProto(*health.failing_since);
  return proto;
}

}  // namespace

grpc::ServerUnaryReactor* DeliveryService::RedeliverDelivery(
    grpc::CallbackServerContext* context, const v1::RedeliverDeliveryRequest* request,
    v1::Delivery* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const DeliveryId id, ParseDeliveryName("name", request->name()));
    RETURN_IF_ERROR(repairs_.Redeliver(id, clock_.Now(), call.deadline));
    return Show(id, call.deadline, *response);
  });
}

grpc::ServerUnaryReactor* DeliveryService::CancelDelivery(grpc::CallbackServerContext* context,
                                                          const v1::CancelDeliveryRequest* request,
                                                          v1::Delivery* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const DeliveryId id, ParseDeliveryName("name", request->name()));
    RETURN_IF_ERROR(repairs_.Cancel(id, call.deadline));
    cancelled_.Increment();
    return Show(id, call.deadline, *response);
  });
}

grpc::ServerUnaryReactor* DeliveryService::GetWebhookHealth(
    grpc::CallbackServerContext* context, const v1::GetWebhookHealthRequest* request,
    v1::WebhookHealth* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WebhookId id,
                     api::ParseResource("webhook", api::kWebhooks, request->webhook()));
    ASSIGN_OR_RETURN(const WebhookHealth health, log_.Health(id, call.deadline));
    *response = HealthProto(id, health);
    return absl::OkStatus();
  });
}

}  // namespace crier::delivery::transport
