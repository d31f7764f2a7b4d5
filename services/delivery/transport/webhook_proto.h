// Webhooks as the API shows them.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_PROTO_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_PROTO_H_

#include <set>
#include <string>

#include "common/status/errors.h"
#include "crier/delivery/v1/webhook_service.pb.h"
#include "services/delivery/domain/webhook.h"

namespace crier::delivery::transport {

// Without secret and signing secret. A webhook that is not stored has no name, times or etag.
v1::Webhook ToProto(const Webhook& webhook);

// Reads the settings that `fields` names; the others, and what the server assigns, keep their
// defaults. What has no form inside is added to `violations`; the rest is for CheckWebhook to
// judge.
Webhook FromProto(const v1::Webhook& webhook, const std::set<std::string>& fields,
                  FieldViolations& violations);

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_PROTO_H_
