// Webhooks as the API shows them.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_PROTO_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_PROTO_H_

#include <optional>
#include <set>
#include <string>

#include "common/status/errors.h"
#include "crier/delivery/v1/webhook_service.pb.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery::transport {

// Without secrets. A webhook that is not stored has no name, times or etag.
v1::Webhook ToProto(const Webhook& webhook);

// The secret of a key for the answer of the call that made it: empty once that was more than an
// hour ago. Until then the call may be repeated because its first answer was lost.
std::string SecretToShow(const SigningKey& key, absl::Time now);

// Reads the settings that `fields` names; the others, and what the server assigns, keep their
// defaults. What has no form inside is added to `violations`; the rest is for CheckWebhook to
// judge.
Webhook FromProto(const v1::Webhook& webhook, const std::set<std::string>& fields,
                  FieldViolations& violations);

// The signing key that a request gives as `signing_secret`, or a new one of the scheme when that is
// empty; nothing, with violations, when it is wrong.
std::optional<SigningKey> ReadSigningKey(const std::string& secret, v1::SigningScheme scheme,
                                         FieldViolations& violations);

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_WEBHOOK_PROTO_H_
