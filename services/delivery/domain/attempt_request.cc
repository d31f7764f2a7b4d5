#include "services/delivery/domain/attempt_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "services/delivery/domain/signer.h"

namespace crier::delivery {
namespace {

constexpr char kSecretHeader[] = "x-commonroom-webhook-secret";
constexpr char kMask[] = "********";

// Headers of ours that hold no secret: a signature reveals nothing of its key.
constexpr std::array<absl::string_view, 5> kOpenHeaders = {
    "content-type", "user-agent", "webhook-id", "webhook-timestamp", "webhook-signature"};

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

AttemptRequest BuildAttemptRequest(const Webhook& webhook, const MessageId& message,
                                   std::string body, absl::Time now) {
  const std::string id = message.ToString();

  AttemptRequest request;
  request.url = webhook.url;
  request.timeout = webhook.request_timeout;
  request.connect_timeout = std::min(request.connect_timeout, request.timeout);
  request.headers = {
      {"content-type", "application/json"},
      {"user-agent", "crier/" CRIER_VERSION},
      {"webhook-id", id},
      {"webhook-timestamp", absl::StrCat(absl::ToUnixSeconds(now))},
      {"webhook-signature", Signatures(webhook.signing_keys, id, now, body)},
  };
  if (!webhook.secret.empty()) request.headers.push_back({kSecretHeader, webhook.secret});
  for (const auto& [name, value] : webhook.custom_headers) {
    request.headers.push_back({absl::AsciiStrToLower(name), value});
  }
  request.body = std::move(body);
  request.tls = {webhook.client_certificate, webhook.client_key, webhook.trusted_roots};
  return request;
}

std::vector<Header> MaskedHeaders(const std::vector<Header>& headers) {
  std::vector<Header> masked = headers;
  for (Header& header : masked) {
    if (!Contains(kOpenHeaders, header.name)) header.value = kMask;
  }
  return masked;
}

bool IsReservedHeader(const std::string& name) {
  return Contains(kOpenHeaders, name) || Contains(kTransportHeaders, name) ||
         name == kSecretHeader || absl::StartsWith(name, "webhook-");
}

}  // namespace crier::delivery
