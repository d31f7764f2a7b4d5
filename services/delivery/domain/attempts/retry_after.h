// The `Retry-After` header of a response (RFC 9110, section 10.2.3).
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_RETRY_AFTER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_RETRY_AFTER_H_

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/delivery/domain/attempts/attempt_request.h"

namespace crier::delivery {

// How long from `now` on, by a number of seconds or by a date in one of the three forms of HTTP; 0
// for a date that is past. Nothing for any other text.
std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now);

// What the headers of a response say; nothing without such a header. The first one counts.
std::optional<absl::Duration> RetryAfter(const std::vector<Header>& headers, absl::Time now);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_RETRY_AFTER_H_
