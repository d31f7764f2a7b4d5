// The request headers that are Crier's own. Names are in lower case.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_OWN_HEADERS_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_OWN_HEADERS_H_

#include "absl/strings/string_view.h"

namespace crier::delivery {

// Carries the secret of a webhook as it is.
inline constexpr absl::string_view kSecretHeader = "x-commonroom-webhook-secret";

// What is shown in place of a secret.
inline constexpr char kMask[] = "********";

// Whether the header is one of ours that holds no secret, and so may be stored and shown.
bool IsOpenHeader(absl::string_view name);

// Whether a custom header must not have this name: all of ours, and what HTTP itself needs
// (`host`, `content-length`, hop-by-hop).
bool IsReservedHeader(absl::string_view name);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_OWN_HEADERS_H_
