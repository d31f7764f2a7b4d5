// From host names to addresses.
#ifndef CRIER_COMMON_HTTP_RESOLVER_H_
#define CRIER_COMMON_HTTP_RESOLVER_H_

#include <sys/socket.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace crier::http {

using Addresses = absl::StatusOr<std::vector<sockaddr_storage>>;

// Looks up the addresses of a host name (the port of each is ignored). Called from helper threads;
// may block. Address literals do not come here.
using Resolver = std::function<Addresses(const std::string& host)>;

// The system's resolver (getaddrinfo).
Addresses SystemResolve(const std::string& host);

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_RESOLVER_H_
