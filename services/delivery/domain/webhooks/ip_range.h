// IP addresses and blocks of them.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_IP_RANGE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_IP_RANGE_H_

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace crier::delivery {

// An IPv4 or IPv6 address. A value.
struct IpAddress {
  bool v6 = false;
  std::array<uint8_t, 16> bytes = {};  // the first 4 for IPv4; network order

  // From `192.0.2.1` with four plain decimal numbers, or any RFC 4291 form of IPv6 without a zone.
  static std::optional<IpAddress> Parse(absl::string_view text);

  // From a socket address; nothing for families other than IP.
  static std::optional<IpAddress> From(const sockaddr& address);

  // The IPv4 address that an IPv6 address stands for where a translator takes it: the mapped,
  // compatible and translated forms, NAT64 (RFC 6052, RFC 8215) and 6to4.
  std::optional<IpAddress> Embedded() const;
};

// A CIDR block. A value.
class IpRange {
 public:
  // From `10.0.0.0/8`, `fd00::/8` or a single address. Nothing when it is malformed, or has bits
  // set beyond the prefix, which is a mistake more often than not.
  static std::optional<IpRange> Parse(absl::string_view text);

  // IPv4 blocks contain IPv4 addresses only, IPv6 blocks IPv6 addresses only.
  bool Contains(const IpAddress& address) const;

 private:
  IpAddress base_;
  int prefix_bits_ = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_IP_RANGE_H_
