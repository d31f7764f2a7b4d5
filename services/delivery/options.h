// The settings of the delivery service.
#ifndef CRIER_SERVICES_DELIVERY_OPTIONS_H_
#define CRIER_SERVICES_DELIVERY_OPTIONS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/config/options.h"
#include "common/pg/pool.h"
#include "services/delivery/domain/payloads/payload.h"
#include "services/delivery/domain/webhooks/url_policy.h"

namespace crier::delivery {

struct DeliveryOptions {
  pg::Database postgres = {.role = "crier_delivery", .schema = "delivery"};
  int postgres_connections = 4;
  // Days of deliveries are kept for this long after their end, and longer while one of them is
  // pending.
  absl::Duration retention = absl::Hours(30 * 24);
  // Attempts on the wire at once, to all prompt receivers and to one webhook.
  int max_in_flight = 200;
  int webhook_concurrency = 10;
  std::string activity_base_url = kDefaultAppBaseUrl;
  TargetPolicy targets;
  // Whether receivers are sent a `traceparent` header.
  bool send_traceparent = false;
  // Further trusted roots (PEM file), beside the system's.
  std::string extra_roots_file;
  // Attempts go through this proxy, http://[user:password@]host:port; empty to make them directly.
  std::string egress_proxy;
  // The keys that secrets are stored under; see crypto::KeyRing. Without it they are stored in the
  // clear, which must be allowed.
  std::string secret_keys_file;
  bool allow_plaintext_secrets = false;
};

// Declares the settings, each name beginning with `prefix` (empty or `delivery.`).
void AddOptions(config::Options& options, absl::string_view prefix, DeliveryOptions* target);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_OPTIONS_H_
