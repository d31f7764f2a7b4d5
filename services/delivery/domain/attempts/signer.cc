#include "services/delivery/domain/attempts/signer.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/crypto.h"
#include "common/crypto/ed25519.h"

namespace crier::delivery {
namespace {

std::string Signature(const SigningKey& key, absl::string_view content) {
  switch (key.scheme) {
    case SigningScheme::kV1:
      return absl::StrCat("v1,", absl::Base64Escape(crypto::HmacSha256(key.key, content)));
    case SigningScheme::kV1a:
      return absl::StrCat("v1a,", absl::Base64Escape(crypto::Ed25519Sign(key.key, content)));
  }
}

}  // namespace

std::string Signatures(const std::vector<SigningKey>& keys, absl::string_view id, absl::Time now,
                       absl::string_view body) {
  const std::string content = absl::StrCat(id, ".", absl::ToUnixSeconds(now), ".", body);
  std::string signatures;
  for (const SigningKey& key : keys) {
    if (key.expire_time <= now) continue;
    absl::StrAppend(&signatures, signatures.empty() ? "" : " ", Signature(key, content));
  }
  return signatures;
}

}  // namespace crier::delivery
