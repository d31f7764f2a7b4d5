#include "services/delivery/domain/webhooks/signing_key.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/crypto/crypto.h"
#include "common/crypto/ed25519.h"

namespace crier::delivery {
namespace {

constexpr char kSymmetric[] = "whsec_";
constexpr char kPrivate[] = "whsk_";
constexpr char kPublic[] = "whpk_";

constexpr size_t kNewKeyBytes = 32;
constexpr size_t kMinSymmetricBytes = 24;
constexpr size_t kMaxSymmetricBytes = 64;

absl::Status Bad(absl::string_view remedy) { return absl::InvalidArgumentError(remedy); }

// Base64 with its padding, as the specification has it. Abseil alone would also take white space
// and `.` for padding.
bool Decode(absl::string_view text, std::string& bytes) {
  return absl::Base64Unescape(text, &bytes) && absl::Base64Escape(bytes) == text;
}

absl::StatusOr<SigningKey> ParseSymmetric(absl::string_view text) {
  SigningKey key;
  key.scheme = SigningScheme::kV1;
  if (!Decode(text, key.key)) return Bad("must have base64 after whsec_");
  if (key.key.size() < kMinSymmetricBytes || key.key.size() > kMaxSymmetricBytes) {
    return Bad("must hold 24 to 64 bytes after whsec_");
  }
  return key;
}

absl::StatusOr<SigningKey> ParsePrivate(absl::string_view text) {
  SigningKey key;
  key.scheme = SigningScheme::kV1a;
  std::string bytes;
  if (!Decode(text, bytes)) return Bad("must have base64 after whsk_");
  const bool with_public =
      bytes.size() == crypto::kEd25519SeedBytes + crypto::kEd25519PublicKeyBytes;
  if (!with_public && bytes.size() != crypto::kEd25519SeedBytes) {
    return Bad("must hold 32 bytes (a seed) or 64 (seed and public key) after whsk_");
  }
  key.key = bytes.substr(0, crypto::kEd25519SeedBytes);
  if (with_public && crypto::Ed25519PublicKey(key.key) != bytes.substr(key.key.size())) {
    return Bad("must hold the public key that belongs to its seed");
  }
  return key;
}

}  // namespace

SigningKey MakeSigningKey(SigningScheme scheme) {
  SigningKey key;
  key.scheme = scheme;
  key.key = crypto::RandomBytes(kNewKeyBytes);
  return key;
}

absl::StatusOr<SigningKey> ParseSigningSecret(absl::string_view secret) {
  if (absl::ConsumePrefix(&secret, kSymmetric)) return ParseSymmetric(secret);
  if (absl::ConsumePrefix(&secret, kPrivate)) return ParsePrivate(secret);
  if (absl::StartsWith(secret, kPublic)) {
    return Bad("must be a secret; whpk_ is a public key, which signs nothing");
  }
  return Bad("must begin with whsec_ (v1) or whsk_ (v1a)");
}

std::string SigningSecret(const SigningKey& key) {
  if (key.scheme == SigningScheme::kV1) {
    return absl::StrCat(kSymmetric, absl::Base64Escape(key.key));
  }
  return absl::StrCat(kPrivate,
                      absl::Base64Escape(absl::StrCat(key.key, crypto::Ed25519PublicKey(key.key))));
}

std::string SigningPublicKey(const SigningKey& key) {
  if (key.scheme == SigningScheme::kV1) return "";
  return absl::StrCat(kPublic, absl::Base64Escape(crypto::Ed25519PublicKey(key.key)));
}

}  // namespace crier::delivery
