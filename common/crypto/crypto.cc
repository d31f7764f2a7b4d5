#include "common/crypto/crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>

namespace crier::crypto {
namespace {

constexpr size_t kSha256Bytes = 32;

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  // A process that cannot get randomness must not go on with predictable keys.
  if (RAND_bytes(Bytes(bytes), static_cast<int>(count)) != 1) std::abort();
  return bytes;
}

std::string HmacSha256(absl::string_view key, absl::string_view message) {
  std::string mac(kSha256Bytes, '\0');
  // With a null key OpenSSL would look for the key of an earlier call.
  const void* const key_data = key.data() != nullptr ? key.data() : "";
  // Fails only when memory is out.
  if (HMAC(EVP_sha256(), key_data, static_cast<int>(key.size()), Bytes(message), message.size(),
           Bytes(mac), nullptr) == nullptr) {
    std::abort();
  }
  return mac;
}

}  // namespace crier::crypto
