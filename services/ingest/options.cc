#include "services/ingest/options.h"

#include "absl/strings/str_cat.h"
#include "common/pg/database_options.h"

namespace crier::ingest {

void AddOptions(config::Options& options, absl::string_view prefix, IngestOptions* target) {
  pg::AddDatabaseOptions(options, prefix, "the ingest service", &target->postgres);
  options.Add(absl::StrCat(prefix, "postgres-connections"), &target->postgres_connections, 3, 100,
              "Connections at most, beside one that listens; two write, the others read.");
  options.Add(
      absl::StrCat(prefix, "query-connections"), &target->query_connections, 1, 100,
      "Connections at most for reading entities back, beside three that erase; they are kept "
      "apart so that long queries never hold up what is written.");
  options.Add(absl::StrCat(prefix, "event-retention"), &target->event_retention, absl::Hours(1),
              absl::Hours(24 * 3650),
              "How long events are kept after the end of their day, and longer where a registered "
              "reader has not confirmed them.");
  options.Add(absl::StrCat(prefix, "request-retention"), &target->request_retention, absl::Hours(1),
              absl::Hours(24 * 30),
              "How long a request_id is remembered after the end of the day of its request; a "
              "repeat within that time gets the first result.");
}

}  // namespace crier::ingest
