#include "services/delivery/domain/webhooks/ip_range.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/numbers.h"

namespace crier::delivery {
namespace {

bool EqualBits(const IpAddress& a, const IpAddress& b, int bits) {
  const size_t whole_bytes = bits / 8;
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + whole_bytes, b.bytes.begin())) return false;
  if (bits % 8 == 0) return true;
  const int shift = 8 - bits % 8;
  return a.bytes[whole_bytes] >> shift == b.bytes[whole_bytes] >> shift;
}

IpAddress Ipv4At(const IpAddress& address, size_t offset) {
  IpAddress v4;
  std::copy_n(address.bytes.begin() + offset, 4, v4.bytes.begin());
  return v4;
}

}  // namespace

std::optional<IpAddress> IpAddress::Parse(absl::string_view text) {
  // inet_pton is strict: no octal, hexadecimal, short forms or zones; it wants a C string.
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::From(const sockaddr& address) {
  IpAddress result;
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    std::memcpy(result.bytes.data(), &v4.sin_addr, 4);
    return result;
  }
  if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    result.v6 = true;
    std::memcpy(result.bytes.data(), &v6.sin6_addr, 16);
    return result;
  }
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::Embedded() const {
  struct Form {
    IpRange range;
    size_t offset;  // of the IPv4 address
  };
  static const std::array<Form, 6> forms = {{
      {*IpRange::Parse("::/96"), 12},            // compatible
      {*IpRange::Parse("::ffff:0:0/96"), 12},    // mapped
      {*IpRange::Parse("::ffff:0:0:0/96"), 12},  // translated
      {*IpRange::Parse("64:ff9b::/96"), 12},     // NAT64
      {*IpRange::Parse("64:ff9b:1::/48"), 12},   // NAT64 of the local network
      {*IpRange::Parse("2002::/16"), 2},         // 6to4
  }};
  // RFC 4291, section 2.5: those of nowhere and of this host have forms of their own.
  static const IpRange own = *IpRange::Parse("::/127");
  if (own.Contains(*this)) return std::nullopt;
  for (const Form& form : forms) {
    if (form.range.Contains(*this)) return Ipv4At(*this, form.offset);
  }
  return std::nullopt;
}

std::optional<IpRange> IpRange::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  const std::optional<IpAddress> base = IpAddress::Parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  IpRange range;
  range.base_ = *base;
  const int all_bits = base->v6 ? 128 : 32;
  range.prefix_bits_ = all_bits;
  if (slash == absl::string_view::npos) return range;

  const absl::string_view digits = text.substr(slash + 1);
  const bool plain = !digits.empty() && digits.size() <= 3 &&
                     digits.find_first_not_of("0123456789") == absl::string_view::npos;
  if (!plain || !absl::SimpleAtoi(digits, &range.prefix_bits_) || range.prefix_bits_ > all_bits) {
    return std::nullopt;
  }
  for (int bit = range.prefix_bits_; bit < all_bits; ++bit) {
    if (base->bytes[bit / 8] >> (7 - bit % 8) & 1) return std::nullopt;
  }
  return range;
}

bool IpRange::Contains(const IpAddress& address) const {
  return address.v6 == base_.v6 && EqualBits(address, base_, prefix_bits_);
}

}  // namespace crier::delivery
