#include "services/delivery/domain/webhooks/url_policy.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status/macros.h"

namespace crier::delivery {
namespace {

using Rule = UrlRefusal::Rule;

std::vector<IpRange> Ranges(std::initializer_list<const char*> texts) {
  std::vector<IpRange> ranges;
  for (const char* text : texts) ranges.push_back(*IpRange::Parse(text));
  return ranges;
}

bool InAny(const std::vector<IpRange>& ranges, const IpAddress& address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const IpRange& range) { return range.Contains(address); });
}

// Addresses where clouds tell their machines secrets. Refused whatever the operator permits.
const std::vector<IpRange>& MetadataServices() {
  static const auto* const ranges = new std::vector<IpRange>(Ranges({
      "169.254.169.254",  // AWS, Google, Azure, Oracle, DigitalOcean, …
      "169.254.170.2",    // AWS ECS credentials
      "169.254.170.23",   // AWS EKS pod identity
      "168.63.129.16",    // Azure WireServer
      "100.100.100.200",  // Alibaba
      "192.0.0.192",      // Oracle classic
      "fd00:ec2::254",    // AWS over IPv6
      "fd00:ec2::23",     // AWS EKS pod identity over IPv6
      "fd20:ce::254",     // Google over IPv6
  }));
  return *ranges;
}

// The special-purpose blocks of IANA's registry, multicast, and Azure's WireServer, which has a
// public number.
const std::vector<IpRange>& NotPublicIpv4() {
  static const auto* const ranges = new std::vector<IpRange>(Ranges(
      {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
       "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
       "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
       "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"}));
  return *ranges;
}

bool IsPublicIpv6(const IpAddress& address) {
  // What is given out to networks, less protocol assignments, documentation and 6to4.
  static const auto* const given_out = new std::vector<IpRange>(Ranges({"2000::/3"}));
  static const auto* const except =
      new std::vector<IpRange>(Ranges({"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"}));
  return InAny(*given_out, address) && !InAny(*except, address);
}

// Names that have no place in the public DNS: reserved by RFCs 2606, 6761, 6762, 7686, 8375 and
// 9476, kept from delegation by ICANN, or usual inside of clusters.
constexpr std::array<absl::string_view, 20> kPrivateSuffixes = {
    "alt",      "arpa",    "consul",  "corp",  "example",     "home",      "internal",
    "intranet", "invalid", "lan",     "local", "localdomain", "localhost", "mail",
    "nomad",    "onion",   "private", "svc",   "test",        "workgroup"};

UrlRefusal Syntax(absl::string_view description) {
  return {Rule::kSyntax, std::string(description)};
}

UrlRefusal Literal() {
  return {Rule::kLiteral,
          "must name a host, or an address as four decimal numbers or a bracketed IPv6 address"};
}

UrlRefusal NotPublicHost() {
  return {Rule::kHost, "must have a host with a public name, such as hooks.example.com"};
}

// Characters that RFC 3986 permits in a path or a query; others must be percent-encoded.
bool IsUrlCharacter(char c) {
  return absl::ascii_isalnum(c) || absl::StrContains("-._~:/?#[]@!$&'()*+,;=%", c);
}

// Whether resolvers would read a name with this last label as an IPv4 address (the WHATWG rule).
bool IsNumeric(absl::string_view label) {
  if (label.find_first_not_of("0123456789") == absl::string_view::npos) return true;
  if (!absl::ConsumePrefix(&label, "0x")) return false;
  return label.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

// Letters, digits, `-` and `_`, which occurs in the wild.
bool IsLabel(absl::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; });
}

// A decimal number without sign or leading zeros, from 1 to 65535.
std::optional<int> ParsePort(absl::string_view text) {
  int port = 0;
  const bool plain = !text.empty() && text.size() <= 5 && text.front() != '0' &&
                     text.find_first_not_of("0123456789") == absl::string_view::npos;
  if (!plain || !absl::SimpleAtoi(text, &port) || port > 65535) return std::nullopt;
  return port;
}

// `443` or `8000-8999`.
std::optional<std::pair<int, int>> ParsePortRange(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(text, absl::MaxSplits('-', 1));
  const std::optional<int> first = ParsePort(ends.first);
  const std::optional<int> last = absl::StrContains(text, '-') ? ParsePort(ends.second) : first;
  if (!first || !last || *first > *last) return std::nullopt;
  return std::make_pair(*first, *last);
}

// A name, or `*.` and a name.
bool IsHostPattern(absl::string_view text) {
  absl::ConsumePrefix(&text, "*.");
  const std::vector<absl::string_view> labels = absl::StrSplit(text, '.');
  return std::all_of(labels.begin(), labels.end(), IsLabel) && !IsNumeric(labels.back());
}

absl::Status BadSetting(absl::string_view setting, absl::string_view value,
                        absl::string_view wanted) {
  return absl::InvalidArgumentError(absl::StrCat(setting, ": \"", value, "\" is not ", wanted));
}

}  // namespace

absl::StatusOr<UrlPolicy> UrlPolicy::Create(const TargetPolicy& settings) {
  UrlPolicy policy;
  policy.allow_http_ = settings.allow_http;
  for (const std::string& text : settings.allowed_targets) {
    const std::optional<IpRange> range = IpRange::Parse(text);
    if (!range) {
      return BadSetting("allowed-targets", text,
                        "a CIDR block without bits beyond its prefix, such as 10.20.0.0/16");
    }
    policy.allowed_targets_.push_back(*range);
  }
  for (const std::string& text : settings.allowed_ports) {
    const auto range = ParsePortRange(text);
    if (!range) {
      return BadSetting("allowed-ports", text,
                        "a port from 1 to 65535 or a range such as 8000-8999");
    }
    policy.allowed_ports_.push_back(*range);
  }
  if (settings.allow_http) policy.allowed_ports_.emplace_back(80, 80);
  for (const std::string& text : settings.allowed_hosts) {
    if (!IsHostPattern(text)) {
      return BadSetting("allowed-hosts", text, "a host name, or *. and a host name");
    }
    policy.allowed_hosts_.push_back(absl::AsciiStrToLower(text));
  }
  return policy;
}

std::optional<UrlRefusal> UrlPolicy::CheckUrl(absl::string_view url) const {
  if (url.empty()) return Syntax("must not be empty; give an absolute https URL");
  if (url.size() > kMaxUrlBytes) return Syntax("must have at most 2,048 bytes");

  const size_t colon = url.find(':');
  if (colon == absl::string_view::npos) return Syntax("must be an absolute URL");
  const std::string scheme = absl::AsciiStrToLower(url.substr(0, colon));
  const bool http = scheme == "http";
  absl::string_view rest = url.substr(colon + 1);
  if (scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") != std::string::npos ||
      !absl::ConsumePrefix(&rest, "//")) {
    return Syntax("must be an absolute URL that begins with https://");
  }
  if (scheme != "https" && !(http && allow_http_)) {
    return UrlRefusal{Rule::kScheme, allow_http_ ? "must begin with https:// or http://"
                                                 : "must begin with https://"};
  }

  const size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  const absl::string_view authority = rest.substr(0, authority_end);
  const absl::string_view target = rest.substr(authority_end);
  if (absl::StrContains(authority, '@')) {
    return Syntax("must not hold user information; send credentials in custom_headers");
  }
  if (absl::StrContains(target, '#')) return Syntax("must not have a fragment");
  if (!std::all_of(target.begin(), target.end(), IsUrlCharacter)) {
    return Syntax("must hold only the characters of RFC 3986; percent-encode the others");
  }

  const bool bracketed = absl::StartsWith(authority, "[");
  const size_t host_end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && host_end == absl::string_view::npos) return Literal();
  const absl::string_view host = authority.substr(0, bracketed ? host_end + 1 : host_end);
  absl::string_view port = authority.substr(host.size());
  if (absl::ConsumePrefix(&port, ":")) {
    if (auto refusal = CheckPort(port, http)) return refusal;
  } else if (!port.empty()) {
    return Literal();
  } else if (auto refusal = CheckPort(http ? "80" : "443", http)) {
    return refusal;
  }
  return CheckHost(host);
}

std::optional<UrlRefusal> UrlPolicy::CheckPort(absl::string_view text, bool http) const {
  const std::optional<int> port = ParsePort(text);
  if (!port) {
    return UrlRefusal{Rule::kPort,
                      "must have a port from 1 to 65535 in plain decimal digits, or none"};
  }
  const bool allowed =
      std::any_of(allowed_ports_.begin(), allowed_ports_.end(),
                  [&](const auto& range) { return range.first <= *port && *port <= range.second; });
  if (allowed) return std::nullopt;
  return UrlRefusal{Rule::kPort, "must have a port that the operator permits"};
}

std::optional<UrlRefusal> UrlPolicy::CheckHost(absl::string_view host) const {
  if (absl::ConsumePrefix(&host, "[")) {
    host.remove_suffix(1);
    const std::optional<IpAddress> address = IpAddress::Parse(host);
    if (!address || !address->v6) return Literal();
    if (AddressAllowed(*address)) return std::nullopt;
    return UrlRefusal{Rule::kAddress, "must have a public address, or better a name"};
  }
  if (const std::optional<IpAddress> address = IpAddress::Parse(host); address && !address->v6) {
    if (AddressAllowed(*address)) return std::nullopt;
    return UrlRefusal{Rule::kAddress, "must have a public address, or better a name"};
  }
  return CheckName(absl::StripSuffix(host, "."));
}

std::optional<UrlRefusal> UrlPolicy::CheckName(absl::string_view name) const {
  const std::string lower = absl::AsciiStrToLower(name);
  const std::vector<absl::string_view> labels = absl::StrSplit(lower, '.');
  if (lower.size() > 253 || !std::all_of(labels.begin(), labels.end(), IsLabel)) {
    return UrlRefusal{Rule::kHost,
                      "must have a host name of letters, digits, hyphens and dots; write "
                      "international names in their xn-- form"};
  }
  if (IsNumeric(labels.back())) return Literal();
  if (HostAllowed(lower)) return std::nullopt;
  if (labels.size() == 1 ||
      std::count(kPrivateSuffixes.begin(), kPrivateSuffixes.end(), labels.back()) > 0) {
    return NotPublicHost();
  }
  return std::nullopt;
}

bool UrlPolicy::HostAllowed(absl::string_view name) const {
  return std::any_of(allowed_hosts_.begin(), allowed_hosts_.end(), [&](absl::string_view pattern) {
    return absl::ConsumePrefix(&pattern, "*") ? absl::EndsWith(name, pattern) : name == pattern;
  });
}

bool UrlPolicy::AddressAllowed(const sockaddr& address) const {
  const std::optional<IpAddress> ip = IpAddress::From(address);
  return ip && AddressAllowed(*ip);
}

bool UrlPolicy::AddressAllowed(const IpAddress& address) const {
  if (InAny(MetadataServices(), address)) return false;
  // An address that stands for an IPv4 address leads wherever that one leads, so it needs to be
  // permitted in both forms.
  if (const std::optional<IpAddress> embedded = address.Embedded()) {
    return InAny(allowed_targets_, address) && AddressAllowed(*embedded);
  }
  if (InAny(allowed_targets_, address)) return true;
  return address.v6 ? IsPublicIpv6(address) : !InAny(NotPublicIpv4(), address);
}

}  // namespace crier::delivery
