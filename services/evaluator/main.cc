// crier-evaluator: the workflow evaluator on its own.
#include "common/process/process.h"
#include "services/evaluator/server.h"

int main(int argc, char** argv) {
  crier::process::ServeOptions serve;
  serve.listen = "0.0.0.0:7402";
  serve.metrics_listen = "0.0.0.0:9402";
  crier::evaluator::EvaluatorOptions evaluator;
  evaluator.ingest_address = "127.0.0.1:7401";
  evaluator.delivery_address = "127.0.0.1:7403";
  return crier::process::Main(
      argc, argv,
      {.name = "crier-evaluator",
       .description = "Decides which events fire which workflow, and hands them over for delivery.",
       .serve = &serve,
       .add_options =
           [&](crier::config::Options& options) {
             crier::evaluator::AddOptions(options, "", &evaluator);
           },
       .migrate = [&] { return crier::evaluator::Migrate(evaluator); },
       .serve_command =
           [&](crier::metrics::Registry& registry) {
             evaluator.tls = serve.tls;
             crier::evaluator::EvaluatorServer server(evaluator, registry);
             return crier::process::Serve(serve, registry, {&server});
           }});
}
