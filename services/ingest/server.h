// The ingest service as a whole.
#ifndef CRIER_SERVICES_INGEST_SERVER_H_
#define CRIER_SERVICES_INGEST_SERVER_H_

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

namespace crier::ingest {

struct IngestOptions {
  pg::Database postgres = {.role = "crier_ingest", .schema = "ingest"};
  int postgres_connections = 4;
  int query_connections = 2;
  // Days of events are kept for this long after their end.
  absl::Duration event_retention = absl::Hours(7 * 24);
  // Days of requests that may be repeated are remembered for this long after their end.
  absl::Duration request_retention = absl::Hours(24);
};

// Declares the settings, each name beginning with `prefix` (empty or `ingest.`).
void AddOptions(config::Options& options, absl::string_view prefix, IngestOptions* target);

// Creates or updates schema and role; see pg::Migrate.
absl::Status Migrate(const IngestOptions& options);

// The composition root: owns every part.
class IngestServer : public process::Service {
 public:
  // `registry` and `clock` must outlive the server.
  IngestServer(const IngestOptions& options, metrics::Registry& registry,
               const Clock& clock = SystemClock());
  ~IngestServer() override;

  std::vector<grpc::Service*> rpc_services() override;
  void Start(rpc::Server& server) override;
  // OK when the schema is there and has a place for the events of today.
  absl::Status CheckReady(absl::Time deadline) override;
  // Ends all subscriptions; calls are still answered.
  void Stop() override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_SERVER_H_
