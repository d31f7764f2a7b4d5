#include "common/crypto/ed25519.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace crier::crypto {
namespace {

constexpr size_t kSignatureBytes = 64;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// OpenSSL fails here only for seeds of another length and when memory is out.
void Check(bool ok) {
  if (!ok) std::abort();
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key PrivateKey(absl::string_view seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed), seed.size()),
          &EVP_PKEY_free);
  Check(key != nullptr);
  return key;
}

}  // namespace

std::string Ed25519PublicKey(absl::string_view seed) {
  std::string bytes(kEd25519PublicKeyBytes, '\0');
  size_t size = bytes.size();
  Check(EVP_PKEY_get_raw_public_key(PrivateKey(seed).get(), Bytes(bytes), &size) == 1);
  return bytes;
}

std::string Ed25519Sign(absl::string_view seed, absl::string_view message) {
  const Key key = PrivateKey(seed);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  Check(context != nullptr);
  Check(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  Check(EVP_DigestSign(context.get(), Bytes(signature), &size, Bytes(message), message.size()) ==
        1);
  return signature;
}

}  // namespace crier::crypto
