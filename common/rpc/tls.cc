#include "common/rpc/tls.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"

namespace crier::rpc {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

absl::Status Mistake(const std::string& file, absl::string_view what) {
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat(file, " ", what));
}

absl::StatusOr<BioPtr> Open(const std::string& file) {
  BioPtr bio(BIO_new_file(file.c_str(), "r"), &BIO_free);
  if (bio == nullptr) {
    const int cause = errno;
    return Mistake(file, absl::StrCat("cannot be read: ", std::strerror(cause)));
  }
  return bio;
}

// The first certificate of the file.
absl::StatusOr<CertificatePtr> ReadCertificate(const std::string& file) {
  ASSIGN_OR_RETURN(const BioPtr bio, Open(file));
  CertificatePtr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
  if (certificate == nullptr) return Mistake(file, "holds no certificate in PEM form");
  return certificate;
}

// Asks nobody for a passphrase.
int NoPassphrase(char*, int, int, void*) { return -1; }

absl::StatusOr<KeyPtr> ReadKey(const std::string& file) {
  ASSIGN_OR_RETURN(const BioPtr bio, Open(file));
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr), &EVP_PKEY_free);
  if (key == nullptr) return Mistake(file, "holds no private key in PEM form without a passphrase");
  return key;
}

absl::Status CheckPair(const std::string& certificate_file, const std::string& key_file) {
  ASSIGN_OR_RETURN(const CertificatePtr certificate, ReadCertificate(certificate_file));
  ASSIGN_OR_RETURN(const KeyPtr key, ReadKey(key_file));
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Mistake(key_file, absl::StrCat("is not the key of ", certificate_file));
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::experimental::CertificateProviderInterface> Watch(const TlsOptions& options) {
  const auto seconds =
      static_cast<unsigned>(std::max<int64_t>(1, absl::ToInt64Seconds(options.reload_interval)));
  return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      options.key_file, options.certificate_file, options.authorities_file, seconds);
}

}  // namespace

absl::Status CheckTls(const TlsOptions& options) {
  if (!options.certificate_file.empty()) {
    RETURN_IF_ERROR(CheckPair(options.certificate_file, options.key_file));
  }
  if (!options.authorities_file.empty()) {
    RETURN_IF_ERROR(ReadCertificate(options.authorities_file).status());
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const TlsOptions& options) {
  if (options.certificate_file.empty()) return grpc::InsecureServerCredentials();
  grpc::experimental::TlsServerCredentialsOptions tls(Watch(options));
  tls.watch_identity_key_cert_pairs();
  if (options.require_client_certificate) {
    tls.watch_root_certs();
    tls.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(tls);
}

std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials(const TlsOptions& options) {
  if (options.authorities_file.empty()) return grpc::InsecureChannelCredentials();
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_certificate_provider(Watch(options));
  tls.watch_root_certs();
  if (!options.certificate_file.empty()) tls.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(tls);
}

}  // namespace crier::rpc
