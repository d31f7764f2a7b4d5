// crier-ingest: the ingest service on its own.
#include "common/process/process.h"
#include "services/ingest/server.h"

int main(int argc, char** argv) {
  crier::process::ServeOptions serve;
  serve.listen = "0.0.0.0:7401";
  serve.metrics_listen = "0.0.0.0:9401";
  crier::ingest::IngestOptions ingest;
  return crier::process::Main(
      argc, argv,
      {.name = "crier-ingest",
       .description = "Takes in contacts, organizations and activities, and keeps the event log.",
       .serve = &serve,
       .add_options =
           [&](crier::config::Options& options) {
             crier::ingest::AddOptions(options, "", &ingest);
           },
       .migrate = [&] { return crier::ingest::Migrate(ingest); },
       .serve_command =
           [&](crier::metrics::Registry& registry) {
             crier::ingest::IngestServer server(ingest, registry);
             return crier::process::Serve(serve, registry, {&server});
           }});
}
