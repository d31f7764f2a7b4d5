#include "services/delivery/domain/signer.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/crypto.h"

namespace crier::delivery {

std::string MakeSigningKey() { return crypto::RandomBytes(32); }

std::string SigningSecret(absl::string_view key) {
  return absl::StrCat("whsec_", absl::Base64Escape(key));
}

std::string Signatures(const std::vector<std::string>& keys, absl::string_view id,
                       int64_t unix_seconds, absl::string_view body) {
  const std::string content = absl::StrCat(id, ".", unix_seconds, ".", body);
  std::string signatures;
  for (const std::string& key : keys) {
    absl::StrAppend(&signatures, signatures.empty() ? "" : " ", "v1,",
                    absl::Base64Escape(crypto::HmacSha256(key, content)));
  }
  return signatures;
}

}  // namespace crier::delivery
