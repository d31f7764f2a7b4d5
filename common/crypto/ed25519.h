// Ed25519 signatures (RFC 8032), by OpenSSL. All functions are thread-safe.
#ifndef CRIER_COMMON_CRYPTO_ED25519_H_
#define CRIER_COMMON_CRYPTO_ED25519_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace crier::crypto {

inline constexpr size_t kEd25519SeedBytes = 32;
inline constexpr size_t kEd25519PublicKeyBytes = 32;

// The public key, 32 bytes, that belongs to a private one, which is given by its seed of 32 bytes.
std::string Ed25519PublicKey(absl::string_view seed);

// The signature of `message`, 64 bytes. Takes tens of microseconds: `openssl speed ed25519`.
std::string Ed25519Sign(absl::string_view seed, absl::string_view message);

}  // namespace crier::crypto

#endif  // CRIER_COMMON_CRYPTO_ED25519_H_
