// The evaluator service as a whole.
#ifndef CRIER_SERVICES_EVALUATOR_SERVER_H_
#define CRIER_SERVICES_EVALUATOR_SERVER_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "common/process/service.h"
#include "services/evaluator/options.h"

namespace crier::evaluator {

// Creates or updates schema and role; see pg::Migrate.
absl::Status Migrate(const EvaluatorOptions& options);

// The composition root: owns every part.
class EvaluatorServer : public process::Service {
 public:
  // `registry` and `clock` must outlive the server.
  EvaluatorServer(const EvaluatorOptions& options, metrics::Registry& registry,
                  const Clock& clock = SystemClock());
  ~EvaluatorServer() override;

  std::vector<grpc::Service*> rpc_services() override;
  void Start(rpc::Server& server) override;
  // OK when the schema is there and the ingest service has told the number of log partitions, which
  // evaluation is shared by.
  absl::Status CheckReady(absl::Time deadline) override;
  // Finishes the hand-overs in flight, and gives the leases back.
  void Stop() override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_SERVER_H_
