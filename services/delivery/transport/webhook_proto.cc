#include "services/delivery/transport/webhook_proto.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "services/delivery/domain/webhooks/own_headers.h"

namespace crier::delivery::transport {
namespace {

std::optional<absl::Duration> ReadDuration(const std::string& field,
                                           const google::protobuf::Duration& duration,
                                           FieldViolations& violations) {
  if (duration.nanos() >= 0 && duration.nanos() <= 999'999'999) return api::FromProto(duration);
  violations.Add(field, "must have nanos from 0 to 999,999,999");
  return std::nullopt;
}

RetryPolicy ReadPolicy(const v1::Webhook::RetryPolicy& policy, FieldViolations& violations) {
  RetryPolicy result;
  for (int i = 0; i < policy.delays_size(); ++i) {
    const std::optional<absl::Duration> delay = ReadDuration(
        absl::StrCat("webhook.retry_policy.delays[", i, "]"), policy.delays(i), violations);
    if (delay) result.delays.push_back(*delay);
  }
  result.max_attempts = policy.max_attempts();
  return result;
}

}  // namespace

namespace {

v1::SigningKey ToProto(const SigningKey& key) {
  v1::SigningKey proto;
  proto.set_number(key.number);
  proto.set_scheme(key.scheme == SigningScheme::kV1a ? v1::V1A : v1::V1);
  proto.set_public_key(SigningPublicKey(key));
  *proto.mutable_create_time() = api::ToProto(key.create_time);
  if (key.expire_time != absl::InfiniteFuture()) {
    *proto.mutable_expire_time() = api::ToProto(key.expire_time);
  }
  return proto;
}

}  // namespace

v1::Webhook ToProto(const Webhook& webhook) {
  v1::Webhook proto;
  proto.set_display_name(webhook.display_name);
  proto.set_url(webhook.url);
  proto.set_has_secret(!webhook.secret.empty());
  proto.set_payload_version(PayloadVersionName(webhook.payload_version));
  proto.set_envelope(webhook.envelope);
  proto.set_member_alias(webhook.member_alias);
  // Only the customer knows which of them carry credentials.
  for (const auto& [name, value] : webhook.custom_headers) {
    (*proto.mutable_custom_headers())[name] = kMask;
  }
  *proto.mutable_request_timeout() = api::ToProto(webhook.request_timeout);
  for (const SigningKey& key : webhook.signing_keys) *proto.add_signing_keys() = ToProto(key);
  proto.set_client_certificate(webhook.client_certificate);
  proto.set_trusted_roots(webhook.trusted_roots);
  if (webhook.retry_policy != RetryPolicy()) {
    v1::Webhook::RetryPolicy& policy = *proto.mutable_retry_policy();
    for (const absl::Duration delay : webhook.retry_policy.delays) {
      *policy.add_delays() = api::ToProto(delay);
    }
    policy.set_max_attempts(webhook.retry_policy.max_attempts);
  }
  proto.set_attempts_per_minute(webhook.attempts_per_minute);
  proto.set_max_concurrency(webhook.max_concurrency);
  proto.set_operational(webhook.operational);
  if (webhook.version > 0) {
    proto.set_name(api::ResourceName(api::kWebhooks, webhook.id));
    *proto.mutable_create_time() = api::ToProto(webhook.create_time);
    *proto.mutable_update_time() = api::ToProto(webhook.update_time);
    proto.set_etag(webhook.etag());
    proto.set_state(static_cast<v1::Webhook::State>(webhook.state));
    proto.set_disable_reason(static_cast<v1::Webhook::DisableReason>(webhook.disable_reason));
    if (webhook.failing) {
      *proto.mutable_failing_since() = api::ToProto(webhook.failing->since);
    }
    if (webhook.state_change_time) {
      *proto.mutable_state_change_time() = api::ToProto(*webhook.state_change_time);
    }
  }
  return proto;
}

std::string SecretToShow(const SigningKey& key, absl::Time now) {
  return now - key.create_time <= absl::Hours(1) ? SigningSecret(key) : "";
}

Webhook FromProto(const v1::Webhook& webhook, const std::set<std::string>& fields,
                  FieldViolations& violations) {
  const auto named = [&](const char* field) { return fields.count(field) > 0; };
  Webhook result;
  if (named("display_name")) result.display_name = webhook.display_name();
  if (named("url")) result.url = webhook.url();
  if (named("secret")) result.secret = webhook.secret();
  if (named("payload_version") && !webhook.payload_version().empty()) {
    if (const auto version = FindPayloadVersion(webhook.payload_version())) {
      result.payload_version = *version;
    } else {
      violations.Add("webhook.payload_version", "must be 202304, or empty, which means the same");
    }
  }
  if (named("envelope")) result.envelope = webhook.envelope();
  if (named("member_alias")) result.member_alias = webhook.member_alias();
  if (named("custom_headers")) {
    result.custom_headers.insert(webhook.custom_headers().begin(), webhook.custom_headers().end());
  }
  if (named("request_timeout") && webhook.has_request_timeout()) {
    result.request_timeout =
        ReadDuration("webhook.request_timeout", webhook.request_timeout(), violations)
            .value_or(result.request_timeout);
  }
  if (named("client_certificate")) result.client_certificate = webhook.client_certificate();
  if (named("client_key")) result.client_key = webhook.client_key();
  if (named("trusted_roots")) result.trusted_roots = webhook.trusted_roots();
  if (named("retry_policy")) result.retry_policy = ReadPolicy(webhook.retry_policy(), violations);
  if (named("attempts_per_minute")) result.attempts_per_minute = webhook.attempts_per_minute();
  if (named("max_concurrency")) result.max_concurrency = webhook.max_concurrency();
  if (named("operational")) result.operational = webhook.operational();
  return result;
}

std::optional<SigningKey> ReadSigningKey(const std::string& secret, v1::SigningScheme scheme,
                                         FieldViolations& violations) {
  if (!v1::SigningScheme_IsValid(scheme)) {
    violations.Add("signing_scheme", "must be V1 or V1A");
    return std::nullopt;
  }
  const SigningScheme wanted = scheme == v1::V1A ? SigningScheme::kV1a : SigningScheme::kV1;
  if (secret.empty()) return MakeSigningKey(wanted);
  const absl::StatusOr<SigningKey> key = ParseSigningSecret(secret);
  if (!key.ok()) {
    violations.Add("signing_secret", key.status().message());
    return std::nullopt;
  }
  if (scheme != v1::SIGNING_SCHEME_UNSPECIFIED && key->scheme != wanted) {
    violations.Add("signing_scheme", "must be that of `signing_secret`, or left out");
    return std::nullopt;
  }
  return *key;
}

}  // namespace crier::delivery::transport
