// The operator's settings of the target policy.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_URL_POLICY_OPTIONS_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_URL_POLICY_OPTIONS_H_

#include "absl/strings/string_view.h"
#include "common/config/options.h"
#include "services/delivery/domain/webhooks/url_policy.h"

namespace crier::delivery {

// Declares `allow-http`, `allowed-targets`, `allowed-ports` and `allowed-hosts`, with `prefix` in
// front. `target` holds the defaults and must outlive Parse(), after which UrlPolicy::Create takes
// it.
void AddPolicyOptions(config::Options& options, absl::string_view prefix, TargetPolicy* target);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_URL_POLICY_OPTIONS_H_
