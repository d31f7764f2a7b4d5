#include "tools/crierctl/signature.h"

#include <openssl/crypto.h>

#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/crypto/crypto.h"
#include "common/status/macros.h"

namespace crier::crierctl {
namespace {

constexpr size_t kMinKeyBytes = 24;
constexpr size_t kMaxKeyBytes = 64;

absl::Status Invalid(absl::string_view what) { return absl::FailedPreconditionError(what); }

// Compares in a time that does not tell where the difference lies.
bool SameBytes(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

absl::Status CheckTimestamp(absl::string_view timestamp, absl::Time now) {
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(timestamp, &seconds)) {
    return Invalid("the header webhook-timestamp is not a number of seconds");
  }
  const absl::Duration age = now - absl::FromUnixSeconds(seconds);
  if (age > SignatureVerifier::kTolerance) {
    return Invalid("the timestamp is more than 5 minutes old: a replay, or a wrong clock");
  }
  if (age < -SignatureVerifier::kTolerance) {
    return Invalid("the timestamp is more than 5 minutes ahead: a wrong clock");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SignatureVerifier> SignatureVerifier::FromSecret(absl::string_view secret) {
  constexpr char kWanted[] =
      "a signing secret is `whsec_` followed by the base64 of 24 to 64 bytes";
  std::string key;
  if (!absl::ConsumePrefix(&secret, "whsec_") || !absl::Base64Unescape(secret, &key) ||
      // absl forgives missing padding and stray white space; a mangled secret should be told.
      absl::Base64Escape(key) != secret || key.size() < kMinKeyBytes || key.size() > kMaxKeyBytes) {
    return absl::InvalidArgumentError(kWanted);
  }
  return SignatureVerifier(std::move(key));
}

absl::Status SignatureVerifier::Verify(const SignedDelivery& delivery, absl::Time now) const {
  if (delivery.id.empty()) return Invalid("the header webhook-id is missing");
  if (delivery.timestamp.empty()) return Invalid("the header webhook-timestamp is missing");
  if (delivery.signature.empty()) return Invalid("the header webhook-signature is missing");
  RETURN_IF_ERROR(CheckTimestamp(delivery.timestamp, now));

  const std::string expected = absl::Base64Escape(crypto::HmacSha256(
      key_, absl::StrCat(delivery.id, ".", delivery.timestamp, ".", delivery.body)));
  bool any = false;
  for (absl::string_view token : absl::StrSplit(delivery.signature, ' ', absl::SkipEmpty())) {
    if (!absl::ConsumePrefix(&token, "v1,")) continue;  // another scheme: not ours to judge
    any = true;
    if (SameBytes(token, expected)) return absl::OkStatus();
  }
  return Invalid(any ? "no v1 signature was made with this secret for this body"
                     : "the header webhook-signature has no v1 signature");
}

}  // namespace crier::crierctl
