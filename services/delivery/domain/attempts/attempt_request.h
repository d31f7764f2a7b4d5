// The HTTP request of one attempt.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_ATTEMPT_REQUEST_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_ATTEMPT_REQUEST_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/message_id.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// An HTTP header; the name is in lower case.
struct Header {
  std::string name;
  std::string value;

  friend bool operator==(const Header& a, const Header& b) {
    return a.name == b.name && a.value == b.value;
  }
};

// What the TLS connection to a receiver has of its own; PEM, each may be empty.
struct AttemptTls {
  std::string client_certificate;
  std::string client_key;
  std::string trusted_roots;
};

// A POST to a receiver.
struct AttemptRequest {
  std::string url;
  std::vector<Header> headers;  // in the order sent
  std::string body;
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration timeout = absl::Seconds(15);  // everything included
  AttemptTls tls;
};

// The request for one attempt at `now`. `body` is the payload, and is signed as it is. Headers, in
// this order: `content-type`, `user-agent`, `webhook-id`, `webhook-timestamp`, `webhook-signature`,
// `x-commonroom-webhook-secret` if there is a secret, then the custom ones by name.
AttemptRequest BuildAttemptRequest(const Webhook& webhook, const MessageId& message,
                                   std::string body, absl::Time now);

// The headers as they may be stored and shown: the values of the secret header and of all custom
// ones are masked, since only the customer knows which of the latter carry credentials.
std::vector<Header> MaskedHeaders(const std::vector<Header>& headers);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_ATTEMPT_REQUEST_H_
