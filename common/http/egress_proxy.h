// A proxy that all requests go through.
#ifndef CRIER_COMMON_HTTP_EGRESS_PROXY_H_
#define CRIER_COMMON_HTTP_EGRESS_PROXY_H_

#include <string>

#include "absl/status/statusor.h"

namespace crier::http {

// An HTTP proxy that understands CONNECT. It is asked for addresses, never for names: the client
// looks names up itself and judges every address, so nobody can lead the proxy to another target
// than the one that was permitted. What is in the tunnel, TLS included, the proxy does not take
// part in.
struct EgressProxy {
  std::string host;  // a name, or an address without brackets
  int port = 0;
  // `user:password`, sent to the proxy alone; empty for none.
  std::string credentials;
};

// From `http://[user:password@]host:port`. INVALID_ARGUMENT, without the URL in its text,
// otherwise.
absl::StatusOr<EgressProxy> ParseEgressProxy(const std::string& url);

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_EGRESS_PROXY_H_
