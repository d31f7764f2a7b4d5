// Confirmation of what would release many deliveries: an enable, or new criteria of a workflow that
// is enabled.
//
// A preview hands out a token that says what was previewed, when, and how many members matched.
// What would release more than the limit must bring a token whose preview was of the same criteria,
// of about as many members, and not long ago. The token is proof that somebody looked, not a
// permission: who forges one has been warned all the same, so it is not signed.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_CONFIRMATION_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_CONFIRMATION_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier::evaluator {

// How long a preview counts.
inline constexpr absl::Duration kConfirmationValidity = absl::Hours(1);

// The token of a preview at `now` of a community's members: `filter` matched `count` of them.
std::string MakeConfirmationToken(int64_t community, absl::string_view filter, int64_t count,
                                  absl::Time now);

// OK when `count` deliveries, which would be released now, do not exceed `limit`, or the token
// confirms them: it was made for this community and filter within kConfirmationValidity, for at
// least `count - limit` members. Otherwise ConfirmationRequiredError (errors.h); INVALID_ARGUMENT
// on `confirmation_token` when that is not a token at all.
absl::Status CheckConfirmation(absl::string_view token, int64_t community, absl::string_view filter,
                               int64_t count, int64_t limit, absl::Time now);

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_CONFIRMATION_H_
