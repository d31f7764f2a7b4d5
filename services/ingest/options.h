// The settings of the ingest service.
#ifndef CRIER_SERVICES_INGEST_OPTIONS_H_
#define CRIER_SERVICES_INGEST_OPTIONS_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/config/options.h"
#include "common/pg/pool.h"

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

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_OPTIONS_H_
