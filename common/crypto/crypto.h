// Random bytes and message authentication, by OpenSSL. Both functions are thread-safe.
#ifndef CRIER_COMMON_CRYPTO_CRYPTO_H_
#define CRIER_COMMON_CRYPTO_CRYPTO_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace crier::crypto {

// `count` bytes of OpenSSL's generator, fit for keys. Ends the process when the system has no
// randomness to give.
std::string RandomBytes(size_t count);

// HMAC-SHA256 of `message`, 32 raw bytes. Key and message may hold any bytes and be empty.
std::string HmacSha256(absl::string_view key, absl::string_view message);

}  // namespace crier::crypto

#endif  // CRIER_COMMON_CRYPTO_CRYPTO_H_
