#include "common/rpc/tls.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/log/log.h"
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

// Empty when the file cannot be read.
std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// What the files of a server hold.
struct Content {
  std::string certificate;
  std::string key;
  std::string authorities;

  friend bool operator==(const Content& a, const Content& b) = default;
};

// gRPC wants authorities also where it asks nobody for a certificate: then they are of no account.
Content Read(const TlsOptions& options) {
  return {ReadFile(options.certificate_file), ReadFile(options.key_file),
          ReadFile(options.require_client_certificate ? options.authorities_file
                                                      : options.certificate_file)};
}

// gRPC's own watcher takes up whatever there is. Of what it asks here before each handshake, it
// keeps what it had last when that is no good.
class ServerTls : public grpc::ServerCredentials {
 public:
  explicit ServerTls(const TlsOptions& options)
      : options_(options),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                options.require_client_certificate
                    ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                    : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
                &ServerTls::OnHandshake, this))) {}
  ~ServerTls() override { grpc_server_credentials_release(credentials_); }

  // Callers are known by their certificates alone.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  static grpc_ssl_certificate_config_reload_status OnHandshake(
      void* self, grpc_ssl_server_certificate_config** config) {
    const std::optional<Content> content = static_cast<ServerTls*>(self)->TakeNew();
    if (!content) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {content->key.c_str(), content->certificate.c_str()};
    *config = grpc_ssl_server_certificate_config_create(content->authorities.c_str(), &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  // What the files hold, if that is new and can be used.
  std::optional<Content> TakeNew() {
    absl::MutexLock lock(&mutex_);
    Content content = Read(options_);
    if (content == seen_) return std::nullopt;
    seen_ = content;
    const absl::Status status = CheckTls(options_);
    if (status.ok()) return content;
    log::Warning("new files of TLS are not taken up", {{"status", status}});
    return std::nullopt;
  }

  const TlsOptions options_;
  grpc_server_credentials* const credentials_;
  absl::Mutex mutex_;
  Content seen_ ABSL_GUARDED_BY(mutex_);
};

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
  return std::make_shared<ServerTls>(options);
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
