// Signatures of the Standard Webhooks specification, scheme `v1`: HMAC-SHA256.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_SIGNER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_SIGNER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace crier::delivery {

// A new key: 32 random bytes.
std::string MakeSigningKey();

// The form that a receiver's library takes: `whsec_` and the base64 of the key.
std::string SigningSecret(absl::string_view key);

// The value of `webhook-signature`: one `v1,<base64>` for each key, in order, with a space between.
// Signed are the id, the time in whole Unix seconds and the exact bytes of the body, with a `.`
// between; so `id` must not contain one.
std::string Signatures(const std::vector<std::string>& keys, absl::string_view id,
                       int64_t unix_seconds, absl::string_view body);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_SIGNER_H_
