#include "common/crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cstdlib>
#include <memory>

namespace crier::crypto {
namespace {

constexpr size_t kSha256Bytes = 32;

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

struct FreeContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeContext>;

// Without a key yet. To look the algorithms up takes longer than to use them.
MacContext MakeHmacSha256() {
  EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
  MacContext context(EVP_MAC_CTX_new(hmac));
  EVP_MAC_free(hmac);
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof(digest) - 1),
      OSSL_PARAM_construct_end()};
  if (context == nullptr || EVP_MAC_CTX_set_params(context.get(), params) != 1) std::abort();
  return context;
}

}  // namespace

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  // A process that cannot get randomness must not go on with predictable keys.
  if (RAND_bytes(Bytes(bytes), static_cast<int>(count)) != 1) std::abort();
  return bytes;
}

std::string HmacSha256(absl::string_view key, absl::string_view message) {
  static thread_local const MacContext context = MakeHmacSha256();
  std::string mac(kSha256Bytes, '\0');
  // A null key would be that of the last call.
  const unsigned char* const key_data = key.data() != nullptr ? Bytes(key) : Bytes("");
  size_t size = 0;
  // Fails only when memory is out.
  if (EVP_MAC_init(context.get(), key_data, key.size(), nullptr) != 1 ||
      EVP_MAC_update(context.get(), Bytes(message), message.size()) != 1 ||
      EVP_MAC_final(context.get(), Bytes(mac), &size, mac.size()) != 1) {
    std::abort();
  }
  return mac;
}

}  // namespace crier::crypto
