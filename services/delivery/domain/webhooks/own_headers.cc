#include "services/delivery/domain/webhooks/own_headers.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"

namespace crier::delivery {
namespace {

// A signature reveals nothing of its key; `traceparent` is sent where the operator wants it.
constexpr std::array<absl::string_view, 6> kOpenHeaders = {"content-type",      "user-agent",
                                                           "webhook-id",        "webhook-timestamp",
                                                           "webhook-signature", "traceparent"};

// What HTTP itself sets, or what is meant for the next hop alone (RFC 9110, section 7.6.1).
constexpr std::array<absl::string_view, 12> kTransportHeaders = {"host",
                                                                 "content-length",
                                                                 "connection",
                                                                 "keep-alive",
                                                                 "proxy-connection",
                                                                 "te",
                                                                 "trailer",
                                                                 "transfer-encoding",
                                                                 "upgrade",
                                                                 "proxy-authenticate",
                                                                 "expect",
                                                                 "proxy-authorization"};

template <typename List>
bool Contains(const List& list, absl::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

bool IsOpenHeader(absl::string_view name) { return Contains(kOpenHeaders, name); }

bool IsReservedHeader(absl::string_view name) {
  return IsOpenHeader(name) || Contains(kTransportHeaders, name) || name == kSecretHeader ||
         absl::StartsWith(name, "webhook-");
}

}  // namespace crier::delivery
