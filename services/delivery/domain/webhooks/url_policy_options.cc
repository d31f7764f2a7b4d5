#include "services/delivery/domain/webhooks/url_policy_options.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace crier::delivery {

void AddPolicyOptions(config::Options& options, absl::string_view prefix, TargetPolicy* target) {
  options.Add(absl::StrCat(prefix, "allow-http"), &target->allow_http,
              "Permit webhooks with http:// URLs, and port 80.");
  options.Add(absl::StrCat(prefix, "allowed-targets"), &target->allowed_targets,
              "CIDR blocks that webhooks may reach though they are not public, such as "
              "10.20.0.0/16; metadata services of clouds stay refused.");
  options.Add(absl::StrCat(prefix, "allowed-ports"), &target->allowed_ports,
              "Ports that webhooks may have, single or as ranges such as 8000-8999.");
  options.Add(absl::StrCat(prefix, "allowed-hosts"), &target->allowed_hosts,
              "Host names that webhooks may have though they are not public, such as n8n or "
              "*.corp; their addresses must be public or in allowed-targets.");
  options.Check([target]() -> std::string {
    return std::string(UrlPolicy::Create(*target).status().message());
  });
}

}  // namespace crier::delivery
