// Which targets a webhook may have, so that nobody can use the service to reach what is not public.
//
// The URL is checked where it is saved and again before every attempt; the addresses that its host
// resolves to are checked at every attempt, because names rebind. Checking the text alone cannot
// work: resolvers take `127.1`, `0x7f.1` and `2130706433` for 127.0.0.1.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_URL_POLICY_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_URL_POLICY_H_

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/delivery/domain/webhooks/ip_range.h"

namespace crier::delivery {

// What an operator may settle, as it is written in the configuration.
struct TargetPolicy {
  // Permits `http://` beside `https://`; then port 80 is permitted as well.
  bool allow_http = false;
  // CIDR blocks that are permitted though they are not public: `10.20.0.0/16`, `fd12::/64`. The
  // metadata services of clouds stay refused.
  std::vector<std::string> allowed_targets;
  // Permitted ports: `443`, or ranges `8000-8999`.
  std::vector<std::string> allowed_ports = {"443", "8443"};
  // Host names that are permitted though they are not public names: `n8n`, or `*.corp` for
  // everything below `corp`. Their addresses are checked like any other.
  std::vector<std::string> allowed_hosts;
};

// Why a URL is refused.
struct UrlRefusal {
  enum class Rule { kSyntax, kScheme, kPort, kHost, kLiteral, kAddress };
  Rule rule;
  // Completes a sentence that begins with the name of the field, and says the remedy.
  std::string description;
};

// Immutable, so thread-safe.
class UrlPolicy {
 public:
  // The longest URL.
  static constexpr size_t kMaxUrlBytes = 2048;

  // INVALID_ARGUMENT names the setting that cannot be understood.
  static absl::StatusOr<UrlPolicy> Create(const TargetPolicy& settings);

  // Checks syntax, scheme, port and host; only the plain form of a URL is taken, so that nobody can
  // read another host into it than we do. Resolves nothing.
  std::optional<UrlRefusal> CheckUrl(absl::string_view url) const;

  // Whether a connection may be made to an address. IPv4 is permitted less what is not public, IPv6
  // is refused except what is.
  bool AddressAllowed(const sockaddr& address) const;

 private:
  UrlPolicy() = default;

  std::optional<UrlRefusal> CheckPort(absl::string_view port, bool http) const;
  std::optional<UrlRefusal> CheckHost(absl::string_view host) const;
  std::optional<UrlRefusal> CheckName(absl::string_view name) const;
  bool HostAllowed(absl::string_view name) const;
  bool AddressAllowed(const IpAddress& address) const;

  bool allow_http_ = false;
  std::vector<IpRange> allowed_targets_;
  std::vector<std::pair<int, int>> allowed_ports_;  // first, last
  std::vector<std::string> allowed_hosts_;          // in lower case
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_URL_POLICY_H_
