// Changes of a webhook's signing keys.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_KEY_ROTATION_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_KEY_ROTATION_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

inline constexpr size_t kMaxSigningKeys = 10;
inline constexpr absl::Duration kDefaultOverlap = absl::Hours(24);
inline constexpr absl::Duration kMaxOverlap = absl::Hours(7 * 24);

struct Rotation {
  SigningKey key;  // the new one; without number and times
  // How much longer the keys of its scheme are signed with; those of the other one stay.
  absl::Duration overlap = kDefaultOverlap;
  // The same id makes a repetition of the call, which changes nothing. May be empty.
  std::string request_id;
};

// Makes the key the newest of the webhook. False for a repetition. TooManySigningKeysError;
// INVALID_ARGUMENT on `signing_secret` when the webhook has the key already.
absl::StatusOr<bool> RotateSigningKey(Webhook& webhook, const Rotation& rotation, absl::Time now);

// The key that the rotation of this request made; null when there is none.
const SigningKey* FindRotation(const Webhook& webhook, const std::string& request_id);

// Takes a key away at once. SigningKeyNotFoundError; LastSigningKeyError.
absl::StatusOr<bool> RevokeSigningKey(Webhook& webhook, int number);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_KEY_ROTATION_H_
