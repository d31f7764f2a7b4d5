// crier: the three services in one process, over in-process channels, for a laptop or a small
// installation. They keep their own schemas and talk by RPC only, as they do apart.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/process/process.h"
#include "common/status/macros.h"
#include "services/delivery/server.h"
#include "services/evaluator/server.h"
#include "services/ingest/server.h"

namespace {

using crier::config::Options;

struct Settings {
  crier::process::ServeOptions serve;
  std::string postgres_url;
  std::string postgres_password_file;
  bool migrate_at_start = true;
  crier::ingest::IngestOptions ingest;
  crier::evaluator::EvaluatorOptions evaluator;
  crier::delivery::DeliveryOptions delivery;

  std::vector<crier::pg::Database*> ServiceDatabases() {
    return {&ingest.postgres, &evaluator.postgres, &delivery.postgres};
  }
};

void AddOptions(Options& options, Settings& settings) {
  options.Add("postgres-url", &settings.postgres_url,
              "Postgres of every service that is given none of its own, as a libpq URL.");
  options.Secret();
  options.Add("postgres-password-file", &settings.postgres_password_file,
              "File with the password for that URL, read anew for every connection. Empty: the URL "
              "says all.");
  options.Add("migrate-at-start", &settings.migrate_at_start,
              "Whether to create or update schemas and roles before serving.");
  crier::ingest::AddOptions(options, "ingest.", &settings.ingest);
  crier::evaluator::AddOptions(options, "evaluator.", &settings.evaluator);
  crier::delivery::AddOptions(options, "delivery.", &settings.delivery);
  options.Check([&settings]() -> std::string {
    for (const crier::pg::Database* const database : settings.ServiceDatabases()) {
      if (database->url.empty() && settings.postgres_url.empty()) {
        return "postgres-url is missing: set --postgres-url or CRIER_POSTGRES_URL to the Postgres "
               "to use, for example postgresql://localhost/crier";
      }
    }
    return "";
  });
}

void ShareDatabase(Settings& settings) {
  for (crier::pg::Database* const database : settings.ServiceDatabases()) {
    if (!database->url.empty()) continue;  // of its own, with a password of its own
    database->url = settings.postgres_url;
    database->password_file = settings.postgres_password_file;
  }
}

absl::Status Migrate(Settings& settings) {
  ShareDatabase(settings);
  RETURN_IF_ERROR(crier::ingest::Migrate(settings.ingest));
  RETURN_IF_ERROR(crier::evaluator::Migrate(settings.evaluator));
  return crier::delivery::Migrate(settings.delivery);
}

// Migrates as soon as the database can be reached, which may be long after the start. Until then
// the process is not ready; the services find their schemas by themselves afterwards.
class Migrator : public crier::process::Service {
 public:
  explicit Migrator(Settings& settings) : settings_(settings), done_(!settings.migrate_at_start) {}

  std::vector<grpc::Service*> rpc_services() override { return {}; }
  void Start(crier::rpc::Server&) override {}
  void Stop() override {}

  absl::Status CheckReady(absl::Time) override {
    if (done_) return absl::OkStatus();
    RETURN_IF_ERROR(Migrate(settings_));
    done_ = true;
    return absl::OkStatus();
  }

 private:
  Settings& settings_;
  bool done_;
};

int Serve(Settings& settings, crier::metrics::Registry& registry) {
  ShareDatabase(settings);
  Migrator migrator(settings);
  // At once where the database is there, so that the services find their schemas when they start.
  migrator.CheckReady(absl::InfiniteFuture()).IgnoreError();
  // In the order of dependence: Stop() is called in the reverse one, so that the evaluator ends
  // before those it talks to.
  crier::ingest::IngestServer ingest(settings.ingest, registry);
  crier::delivery::DeliveryServer delivery(settings.delivery, registry);
  crier::evaluator::EvaluatorServer evaluator(settings.evaluator, registry);
  return crier::process::Serve(settings.serve, registry,
                               {&migrator, &ingest, &delivery, &evaluator});
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  return crier::process::Main(
      argc, argv,
      {.name = "crier",
       .description = "The whole suite in one process: ingest, evaluator and delivery.",
       .serve = &settings.serve,
       .add_options = [&](Options& options) { AddOptions(options, settings); },
       .migrate = [&] { return Migrate(settings); },
       .serve_command =
           [&](crier::metrics::Registry& registry) { return Serve(settings, registry); }});
}
