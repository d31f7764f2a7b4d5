// Signatures of the Standard Webhooks specification.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_SIGNER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_SIGNER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/delivery/domain/webhooks/signing_key.h"

namespace crier::delivery {

// The value of `webhook-signature`: `v1,<base64>` or `v1a,<base64>` for each key that has not
// expired at `now`, in order, with a space between. Signed are the id, the time in whole Unix
// seconds and the exact bytes of the body, with a `.` between; so `id` must not contain one.
std::string Signatures(const std::vector<SigningKey>& keys, absl::string_view id, absl::Time now,
                       absl::string_view body);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_SIGNER_H_
