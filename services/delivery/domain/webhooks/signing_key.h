// Keys that deliveries are signed with, by the Standard Webhooks specification.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_SIGNING_KEY_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_SIGNING_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier::delivery {

// How a key signs. The numbers are stored.
enum class SigningScheme {
  kV1 = 1,   // HMAC-SHA256: who verifies has the same key
  kV1a = 2,  // ed25519: who verifies has the public key only
};

// A key of a webhook. A value.
struct SigningKey {
  // Within the webhook; grows with each new key.
  int number = 0;
  SigningScheme scheme = SigningScheme::kV1;
  // For v1 24 to 64 bytes; for v1a the seed of 32 bytes.
  std::string key;
  absl::Time create_time;
  // From then on nothing is signed with it.
  absl::Time expire_time = absl::InfiniteFuture();
  // Of the call that made it by rotation, if it had one.
  std::string request_id;
};

// A new key of 32 random bytes, without number and times.
SigningKey MakeSigningKey(SigningScheme scheme);

// The key that a secret holds: `whsec_` and the base64 of 24 to 64 bytes is a v1 key; `whsk_` and
// the base64 of a seed, or of a seed and the public key that belongs to it, is a v1a key.
// INVALID_ARGUMENT says what is wrong, without the secret, as the remedy of a field.
absl::StatusOr<SigningKey> ParseSigningSecret(absl::string_view secret);

// The secret as a customer keeps it: `whsec_…`, or `whsk_` and the base64 of seed and public key.
std::string SigningSecret(const SigningKey& key);

// What a receiver verifies v1a signatures with: `whpk_` and the base64 of the public key; empty for
// v1, where that is the secret itself.
std::string SigningPublicKey(const SigningKey& key);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_SIGNING_KEY_H_
