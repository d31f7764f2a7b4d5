// Where a URL leads.
#ifndef CRIER_COMMON_HTTP_TARGET_H_
#define CRIER_COMMON_HTTP_TARGET_H_

#include <sys/socket.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace crier::http {

// The host and port that libcurl would dial for a URL. Its own parser decides, so that no spelling
// (`0x7f.1`, full-width digits) means one thing here and another there.
struct Target {
  std::string host;  // as a resolver takes it: IPv6 without brackets
  int port = 0;
  // Set when the host is an address.
  std::optional<sockaddr_storage> literal;
};

// INVALID_ARGUMENT, without the URL in its text, when it is not an http or https URL that may be
// called. International names must come as punycode.
absl::StatusOr<Target> ParseTarget(const std::string& url);

// The address that a text is; nothing when it is a name.
std::optional<sockaddr_storage> ParseAddress(const std::string& host);

// The address as text, without port.
std::string AddressText(const sockaddr& address);

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_TARGET_H_
