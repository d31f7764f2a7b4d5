#include "services/delivery/transport/webhook_proto.h"

#include "common/api/resource_name.h"
#include "common/api/time.h"

namespace crier::delivery::transport {

v1::Webhook ToProto(const Webhook& webhook) {
  v1::Webhook proto;
  proto.set_display_name(webhook.display_name);
  proto.set_url(webhook.url);
  proto.set_has_secret(!webhook.secret.empty());
  proto.set_payload_version(PayloadVersionName(webhook.payload_version));
  proto.set_envelope(webhook.envelope);
  proto.set_member_alias(webhook.member_alias);
  proto.mutable_custom_headers()->insert(webhook.custom_headers.begin(),
                                         webhook.custom_headers.end());
  *proto.mutable_request_timeout() = api::ToProto(webhook.request_timeout);
  if (webhook.version > 0) {
    proto.set_name(api::ResourceName(api::kWebhooks, webhook.id));
    *proto.mutable_create_time() = api::ToProto(webhook.create_time);
    *proto.mutable_update_time() = api::ToProto(webhook.update_time);
    proto.set_etag(webhook.etag());
  }
  return proto;
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
    const int32_t nanos = webhook.request_timeout().nanos();
    if (nanos < 0 || nanos > 999999999) {
      violations.Add("webhook.request_timeout", "must have nanos from 0 to 999,999,999");
    } else {
      result.request_timeout = api::FromProto(webhook.request_timeout());
    }
  }
  return result;
}

}  // namespace crier::delivery::transport
