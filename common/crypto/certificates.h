// Checks of certificates and private keys that others hand in as PEM, by OpenSSL. Thread-safe.
// Nothing of what was handed in shows in an error.
#ifndef CRIER_COMMON_CRYPTO_CERTIFICATES_H_
#define CRIER_COMMON_CRYPTO_CERTIFICATES_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace crier::crypto {

// OK when `pem` holds certificates, at least one, that all can be read, and no other PEM: a private
// key beside them would be stored and shown with them.
absl::Status CheckCertificates(absl::string_view pem);

// OK when `pem` holds a private key that can be read without a password.
absl::Status CheckPrivateKey(absl::string_view pem);

// OK when the key is that of the first certificate.
absl::Status CheckKeyPair(absl::string_view certificate_pem, absl::string_view key_pem);

}  // namespace crier::crypto

#endif  // CRIER_COMMON_CRYPTO_CERTIFICATES_H_
