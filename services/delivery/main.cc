// crier-delivery: the delivery service on its own.
#include "common/process/process.h"
#include "services/delivery/server.h"

int main(int argc, char** argv) {
  crier::process::ServeOptions serve;
  serve.listen = "0.0.0.0:7403";
  serve.metrics_listen = "0.0.0.0:9403";
  crier::delivery::DeliveryOptions delivery;
  return crier::process::Main(argc, argv,
                              {.name = "crier-delivery",
                               .description = "Keeps webhooks and delivers payloads to them.",
                               .serve = &serve,
                               .add_options =
                                   [&](crier::config::Options& options) {
                                     crier::delivery::AddOptions(options, "", &delivery);
                                   },
                               .migrate = [&] { return crier::delivery::Migrate(delivery); },
                               .serve_command =
                                   [&](crier::metrics::Registry& registry) {
                                     crier::delivery::DeliveryServer server(delivery, registry);
                                     return crier::process::Serve(serve, registry, {&server});
                                   }});
}
