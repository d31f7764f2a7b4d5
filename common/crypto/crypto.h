// Random bytes and message authentication, by OpenSSL.
#ifndef CRIER_COMMON_CRYPTO_CRYPTO_H_
#define CRIER_COMMON_CRYPTO_CRYPTO_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crier::crypto {

// `count` bytes of OpenSSL's generator, fit for keys.
std::string RandomBytes(size_t count);

// HMAC-SHA256 of `message`, 32 bytes.
std::string HmacSha256(absl::string_view key, absl::string_view message);

}  // namespace crier::crypto

#endif  // CRIER_COMMON_CRYPTO_CRYPTO_H_
