// The methods of WebhookService about signing keys.
#include <optional>
#include <utility>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/api/validation.h"
#include "common/status/macros.h"
#include "services/delivery/domain/webhooks/key_rotation.h"
#include "services/delivery/transport/webhook_proto.h"
#include "services/delivery/transport/webhook_service.h"

namespace crier::delivery::transport {
namespace {

absl::StatusOr<Rotation> ReadRotation(const v1::RotateSigningSecretRequest& request) {
  FieldViolations violations;
  api::CheckRequestId(request.request_id(), violations);
  Rotation rotation;
  rotation.request_id = request.request_id();
  if (request.has_overlap()) {
    const int32_t nanos = request.overlap().nanos();
    rotation.overlap = api::FromProto(request.overlap());
    if (nanos < 0 || nanos > 999999999 || rotation.overlap < absl::ZeroDuration() ||
        rotation.overlap > kMaxOverlap) {
      violations.Add("overlap", "must be from 0 s to 7 days");
    }
  }
  std::optional<SigningKey> key =
      ReadSigningKey(request.signing_secret(), request.signing_scheme(), violations);
  RETURN_IF_ERROR(violations.ToStatus());
  rotation.key = *std::move(key);
  return rotation;
}

}  // namespace

grpc::ServerUnaryReactor* WebhookService::RotateSigningSecret(
    grpc::CallbackServerContext* context, const v1::RotateSigningSecretRequest* request,
    v1::RotateSigningSecretResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WebhookId id,
                     api::ParseResource("name", api::kWebhooks, request->name()));
    ASSIGN_OR_RETURN(const Rotation rotation, ReadRotation(*request));
    const absl::Time now = Now();
    const auto change = [&](Webhook& webhook) -> absl::StatusOr<bool> {
      ASSIGN_OR_RETURN(const bool changed, RotateSigningKey(webhook, rotation, now));
      if (changed) webhook.update_time = now;
      return changed;
    };
    ASSIGN_OR_RETURN(const Webhook webhook,
                     store_.UpdateKeys(id, request->etag(), change, call.deadline));
    *response->mutable_webhook() = ToProto(webhook);
    const SigningKey* const repeated = FindRotation(webhook, request->request_id());
    const SigningKey& key = repeated != nullptr ? *repeated : webhook.signing_keys.front();
    response->set_signing_secret(SecretToShow(key, now));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* WebhookService::RevokeSigningKey(
    grpc::CallbackServerContext* context, const v1::RevokeSigningKeyRequest* request,
    v1::Webhook* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const WebhookId id,
                     api::ParseResource("name", api::kWebhooks, request->name()));
    const absl::Time now = Now();
    const auto change = [&](Webhook& webhook) -> absl::StatusOr<bool> {
      webhook.update_time = now;
      return delivery::RevokeSigningKey(webhook, request->key_number());
    };
    ASSIGN_OR_RETURN(const Webhook webhook,
                     store_.UpdateKeys(id, request->etag(), change, call.deadline));
    *response = ToProto(webhook);
    return absl::OkStatus();
  });
}

}  // namespace crier::delivery::transport
