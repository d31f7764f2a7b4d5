// The settings of the evaluator.
#ifndef CRIER_SERVICES_EVALUATOR_OPTIONS_H_
#define CRIER_SERVICES_EVALUATOR_OPTIONS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/config/options.h"
#include "common/pg/pool.h"
#include "common/rpc/tls.h"

namespace crier::evaluator {

struct EvaluatorOptions {
  pg::Database postgres = {.role = "crier_evaluator", .schema = "evaluator"};
  int postgres_connections = 4;
  // Runs worked on at a time; each has a connection of its own.
  int run_threads = 2;
  // How long runs that ended are kept.
  absl::Duration run_retention = absl::Hours(24 * 90);
  // Deliveries that a community is sent in a second, at most; 0 for any number.
  int max_community_deliveries_per_second = 0;
  // An enable that would release more deliveries at once needs a confirmation token; 0: none does.
  int confirm_deliveries_above = 10'000;
  // `host:port` or gRPC targets; empty for the services of the same process.
  std::string ingest_address;
  std::string delivery_address;
  // For calls to these addresses.
  rpc::TlsOptions tls;
};

// Declares the settings, each name beginning with `prefix` (empty or `evaluator.`). Without a
// prefix the service is alone in its process, and needs the addresses of the others.
void AddOptions(config::Options& options, absl::string_view prefix, EvaluatorOptions* target);

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_OPTIONS_H_
