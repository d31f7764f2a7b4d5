#include "common/crypto/certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "absl/strings/match.h"

namespace crier::crypto {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio Open(absl::string_view pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
}

Certificate ReadCertificate(BIO* pem) {
  return Certificate(PEM_read_bio_X509(pem, nullptr, nullptr, nullptr), &X509_free);
}

// Every block begins as one of a certificate. A file may well have a private key beside it, which a
// reader of certificates would skip.
bool HoldsNothingElse(absl::string_view pem) {
  constexpr absl::string_view kBegin = "-----BEGIN ";
  for (size_t at = pem.find(kBegin); at != pem.npos; at = pem.find(kBegin, at + 1)) {
    const absl::string_view label = pem.substr(at + kBegin.size());
    if (!absl::StartsWith(label, PEM_STRING_X509 "-") &&
        !absl::StartsWith(label, PEM_STRING_X509_OLD "-") &&
        !absl::StartsWith(label, PEM_STRING_X509_TRUSTED "-")) {
      return false;
    }
  }
  return true;
}

// Without this, OpenSSL asks at the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

Key ReadKey(absl::string_view pem) {
  return Key(PEM_read_bio_PrivateKey(Open(pem).get(), nullptr, &NoPassword, nullptr),
             &EVP_PKEY_free);
}

}  // namespace

absl::Status CheckCertificates(absl::string_view pem) {
  if (!HoldsNothingElse(pem)) {
    return absl::InvalidArgumentError("there is something else than certificates");
  }
  const Bio bio = Open(pem);
  int count = 0;
  while (ReadCertificate(bio.get()) != nullptr) ++count;
  // The end of the text is that no further one begins; anything else is one that is broken.
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!ended) return absl::InvalidArgumentError("a certificate cannot be read");
  if (count == 0) return absl::InvalidArgumentError("there is no certificate");
  return absl::OkStatus();
}

absl::Status CheckPrivateKey(absl::string_view pem) {
  const Key key = ReadKey(pem);
  ERR_clear_error();
  return key != nullptr ? absl::OkStatus()
                        : absl::InvalidArgumentError("the private key cannot be read");
}

absl::Status CheckKeyPair(absl::string_view certificate_pem, absl::string_view key_pem) {
  const Certificate certificate = ReadCertificate(Open(certificate_pem).get());
  const Key key = ReadKey(key_pem);
  const bool belong = certificate != nullptr && key != nullptr &&
                      X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return belong ? absl::OkStatus()
                : absl::InvalidArgumentError("the key is not that of the certificate");
}

}  // namespace crier::crypto
