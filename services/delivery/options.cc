#include "services/delivery/options.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/key_ring.h"
#include "common/http/egress_proxy.h"
#include "common/pg/database_options.h"
#include "common/process/process.h"
#include "services/delivery/domain/webhooks/url_policy_options.h"

namespace crier::delivery {
namespace {

std::string CheckBaseUrl(const std::string& name, const std::string& url) {
  const bool absolute = absl::StartsWith(url, "https://") || absl::StartsWith(url, "http://");
  if (absolute && !absl::EndsWith(url, "/")) return "";
  return absl::StrCat(name, " must begin with https:// and not end with a slash");
}

std::string CheckSecretKeys(const std::string& keys_file, const std::string& plaintext,
                            const DeliveryOptions& options) {
  if (options.secret_keys_file.empty()) {
    if (options.allow_plaintext_secrets) return "";
    return absl::StrCat(keys_file,
                        " must name the file of the keys that secrets are stored under "
                        "(`crierctl secret-keys new` makes one); or set ",
                        plaintext, ", for development");
  }
  const absl::Status status = crypto::KeyRing::ReadFile(options.secret_keys_file).status();
  return status.ok() ? "" : absl::StrCat(keys_file, ": ", status.message());
}

}  // namespace

void AddOptions(config::Options& options, absl::string_view prefix, DeliveryOptions* target) {
  pg::AddDatabaseOptions(options, prefix, "the delivery service", &target->postgres);
  options.Add(absl::StrCat(prefix, "postgres-connections"), &target->postgres_connections, 1, 100,
              "Connections at most for calls, beside seven that attempts, leases and "
              "notifications have.");
  options.Add(absl::StrCat(prefix, "delivery-retention"), &target->retention, absl::Hours(24),
              absl::Hours(24 * 3650),
              "How long deliveries and attempts are kept after the end of their day; pending ones "
              "are kept in any case.");
  options.Add(absl::StrCat(prefix, "max-in-flight"), &target->max_in_flight, 1, 10000,
              "Attempts under way at once to receivers that answer promptly; the others together "
              "have room for four times as many.");
  options.Add(absl::StrCat(prefix, "webhook-concurrency"), &target->webhook_concurrency, 1, 1000,
              "Attempts under way at once to one webhook that sets no limit of its own; up to ten "
              "times as many while it answers fast.");
  const std::string base_url = absl::StrCat(prefix, "activity-base-url");
  options.Add(base_url, &target->activity_base_url,
              "Scheme and host of the pages of activities, which payloads link to.");
  options.Check([base_url, target] { return CheckBaseUrl(base_url, target->activity_base_url); });
  options.Add(absl::StrCat(prefix, "send-traceparent"), &target->send_traceparent,
              "Whether attempts carry a W3C traceparent header, so that receivers can join the "
              "trace.");
  options.Add(absl::StrCat(prefix, "extra-roots-file"), &target->extra_roots_file,
              "PEM file of certificate authorities to trust beside the system's. It is read again "
              "when it changes.");
  AddPolicyOptions(options, prefix, &target->targets);
  const std::string egress_proxy = absl::StrCat(prefix, "egress-proxy");
  options.Add(egress_proxy, &target->egress_proxy,
              "HTTP proxy that attempts go through, http://[user:password@]host:port. It must "
              "understand CONNECT, and is asked for addresses: names are still looked up here, and "
              "judged by the same rules.");
  options.Secret();
  options.Check([egress_proxy, target]() -> std::string {
    if (target->egress_proxy.empty()) return "";
    const absl::Status status = http::ParseEgressProxy(target->egress_proxy).status();
    return status.ok() ? "" : absl::StrCat(egress_proxy, " ", status.message());
  });
  const std::string keys_file = absl::StrCat(prefix, "secret-keys-file");
  const std::string plaintext = absl::StrCat(prefix, "allow-plaintext-secrets");
  options.Add(keys_file, &target->secret_keys_file,
              "File of the keys that the secrets of webhooks are stored under: a line for each, an "
              "id and the base64 of 32 bytes; the first one seals, all open. It is read again when "
              "it changes. `crierctl secret-keys new` makes a line.");
  options.Add(plaintext, &target->allow_plaintext_secrets,
              "Store secrets in the clear when there is no file of keys. For development only.");
  options.CheckFor(process::kServeCommand, [keys_file, plaintext, target] {
    return CheckSecretKeys(keys_file, plaintext, *target);
  });
}

}  // namespace crier::delivery
