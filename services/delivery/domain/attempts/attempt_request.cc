#include "services/delivery/domain/attempts/attempt_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/delivery/domain/attempts/signer.h"
#include "services/delivery/domain/webhooks/own_headers.h"

namespace crier::delivery {
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
  if (!webhook.secret.empty())
    request.headers.push_back({std::string(kSecretHeader), webhook.secret});
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
    if (!IsOpenHeader(header.name)) header.value = kMask;
  }
  return masked;
}

}  // namespace crier::delivery
