// What `crierctl listen` says of a request that came in.
#ifndef CRIER_TOOLS_CRIERCTL_RECEIVED_DELIVERY_H_
#define CRIER_TOOLS_CRIERCTL_RECEIVED_DELIVERY_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tools/crierctl/signature.h"

namespace crier::crierctl {

// A request as it arrived.
struct ReceivedDelivery {
  absl::Time time;
  std::string method;
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  int answered_status = 0;  // what it gets for an answer

  // The value of a header; empty when there is none.
  std::string Header(absl::string_view name) const;
};

// How to judge deliveries. What is not set is not judged.
struct DeliveryChecks {
  std::optional<SignatureVerifier> signature;
  std::optional<std::string> secret;  // expected in x-commonroom-webhook-secret
};

// Some lines for people: first line, verdicts, the body laid out.
std::string ReceivedText(const ReceivedDelivery& delivery, const DeliveryChecks& checks);

// One line of JSON with `time`, `method`, `path`, `headers` (an object), `body` (the exact text, or
// `bodyBase64` when it is not UTF-8), `status` (the answer) and the verdicts, null for what was not
// judged: `verified` with `verificationError`, and `secretMatches`.
std::string ReceivedJson(const ReceivedDelivery& delivery, const DeliveryChecks& checks);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_RECEIVED_DELIVERY_H_
