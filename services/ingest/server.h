// The ingest service as a whole.
#ifndef CRIER_SERVICES_INGEST_SERVER_H_
#define CRIER_SERVICES_INGEST_SERVER_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "common/process/service.h"
#include "services/ingest/options.h"

namespace crier::ingest {

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
