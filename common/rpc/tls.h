// TLS of servers and channels, from files that may be replaced while the process runs.
#ifndef CRIER_COMMON_RPC_TLS_H_
#define CRIER_COMMON_RPC_TLS_H_

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace crier::rpc {

// Paths of PEM files, as a mounted Kubernetes secret holds them. Empty: there is none.
struct TlsOptions {
  // The certificate of this process with its chain, its own first, and its private key: a server
  // with them speaks TLS only, a channel shows them when it is asked to.
  std::string certificate_file;
  std::string key_file;
  // Whom to trust, and nobody else. A channel with it speaks TLS.
  std::string authorities_file;
  // Whether a server refuses callers without a certificate of one of the authorities.
  bool require_client_certificate = false;
  // How soon a channel notices new content; whole seconds. Servers look at each new connection.
  // Connections keep what they began with.
  absl::Duration reload_interval = absl::Seconds(10);
};

// OK when what is named can be used: files that can be read, hold certificates, and a key that
// belongs to the certificate. INVALID_ARGUMENT says in one line which file is wrong, and how.
absl::Status CheckTls(const TlsOptions& options);

// For files that passed CheckTls. When they do not any more, as while one of certificate and key
// has been replaced and the other not yet, what did goes on in use, and the log says so. Must
// outlive the server.
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const TlsOptions& options);

// Likewise; but while certificate and key do not belong together, no connection is made.
std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials(const TlsOptions& options);

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_TLS_H_
