#include "services/evaluator/options.h"

#include "absl/strings/str_cat.h"
#include "common/pg/database_options.h"

namespace crier::evaluator {

void AddOptions(config::Options& options, absl::string_view prefix, EvaluatorOptions* target) {
  pg::AddDatabaseOptions(options, prefix, "the evaluator", &target->postgres);
  options.Add(absl::StrCat(prefix, "postgres-connections"), &target->postgres_connections, 2, 100,
              "Connections at most, beside two for leases; shared by calls and evaluation.");
  options.Add(
      absl::StrCat(prefix, "run-threads"), &target->run_threads, 1, 32,
      "Runs of workflows that are worked on at a time; each takes a connection more, and one looks "
      "for what is due.");
  options.Add(absl::StrCat(prefix, "run-retention"), &target->run_retention, absl::Hours(24),
              absl::Hours(24 * 3650), "How long runs that have ended can be looked up.");
  options.Add(
      absl::StrCat(prefix, "max-community-deliveries-per-second"),
      &target->max_community_deliveries_per_second, 0, 1'000'000,
      "Deliveries that a community is sent in a second, at most: more are put off, and runs "
      "wait; 0: any number.");
  options.Add(absl::StrCat(prefix, "confirm-deliveries-above"), &target->confirm_deliveries_above,
              0, 1'000'000'000,
              "An enable, or new criteria, that would release more deliveries at once needs the "
              "confirmation token of a preview; 0: none does.");
  const bool alone = prefix.empty();  // in its process, where it needs the others' addresses
  const auto add_address = [&](absl::string_view name, std::string* address) {
    options.Add(absl::StrCat(prefix, name, "-address"), address,
                absl::StrCat("The ", name, " service, as host:port or gRPC target.",
                             alone ? "" : " Empty: the one of this process."));
    if (alone) options.Required();
  };
  add_address("ingest", &target->ingest_address);
  add_address("delivery", &target->delivery_address);
}

}  // namespace crier::evaluator
