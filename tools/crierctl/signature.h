// Checking the signature of a delivery, as a receiver should (Standard Webhooks 1.0, `v1`).
#ifndef CRIER_TOOLS_CRIERCTL_SIGNATURE_H_
#define CRIER_TOOLS_CRIERCTL_SIGNATURE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier::crierctl {

// The parts of a delivery that its signature covers, as they arrived.
struct SignedDelivery {
  std::string id;         // header `webhook-id`
  std::string timestamp;  // header `webhook-timestamp`
  std::string signature;  // header `webhook-signature`
  std::string body;       // the exact bytes
};

// Holds the key of one webhook. Immutable, hence thread-safe.
class SignatureVerifier {
 public:
  // How far the clocks of sender and receiver may be apart.
  static constexpr absl::Duration kTolerance = absl::Minutes(5);

  // `secret` is `whsec_` and the base64 of 24 to 64 bytes; INVALID_ARGUMENT otherwise. The error
  // does not repeat the secret.
  static absl::StatusOr<SignatureVerifier> FromSecret(absl::string_view secret);

  // OK when one of the delivery's `v1` signatures was made with the key, and its timestamp lies
  // within the tolerance of `now`. Otherwise FAILED_PRECONDITION that says what is wrong.
  absl::Status Verify(const SignedDelivery& delivery, absl::Time now) const;

 private:
  explicit SignatureVerifier(std::string key) : key_(std::move(key)) {}

  std::string key_;
};

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_SIGNATURE_H_
