// The delivery service as a whole.
#ifndef CRIER_SERVICES_DELIVERY_SERVER_H_
#define CRIER_SERVICES_DELIVERY_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/config/options.h"
#include "common/metrics/metrics.h"
#include "common/pg/pool.h"
#include "common/process/service.h"
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

// Creates or updates schema and role; see pg::Migrate.
absl::Status Migrate(const DeliveryOptions& options);

// The composition root: owns every part.
class DeliveryServer : public process::Service {
 public:
  // The options are such as pass the checks of AddOptions. `registry` and `clock` must outlive the
  // server.
  DeliveryServer(const DeliveryOptions& options, metrics::Registry& registry,
                 const Clock& clock = SystemClock());
  // As Stop().
  ~DeliveryServer() override;

  std::vector<grpc::Service*> rpc_services() override;
  void Start(rpc::Server& server) override;
  // OK when the schema is there and has a place for the deliveries of today.
  absl::Status CheckReady(absl::Time deadline) override;
  // Begins no more attempts, waits a few seconds for those under way, gives the shards back.
  void Stop() override;

  // How many of the kShardCount shards this replica works on.
  int held_shards() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_SERVER_H_
