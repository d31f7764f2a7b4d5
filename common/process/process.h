// The life of a server process: settings, logs, metrics, readiness, signals, drain.
#ifndef CRIER_COMMON_PROCESS_PROCESS_H_
#define CRIER_COMMON_PROCESS_PROCESS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/config/options.h"
#include "common/metrics/metrics.h"
#include "common/process/service.h"
#include "common/rpc/tls.h"

namespace crier::process {

// The command that a binary has beside `migrate`, and that it takes without a word.
inline constexpr char kServeCommand[] = "serve";

// Settings that every server binary has.
struct ServeOptions {
  std::string listen = "0.0.0.0:7400";
  std::string metrics_listen = "0.0.0.0:9400";
  // Where the health service is answered in plain text as well; empty: nowhere.
  std::string health_listen;
  std::string log_level = "info";
  // A file that holds the level in its place; empty: none. See LevelFile.
  std::string log_level_file;
  // Where traces are sent, as an OTLP/HTTP URL; empty: nowhere. See trace::OtlpOptions.
  std::string trace_otlp_endpoint;
  // Of the calls that come without a trace, one of so many is recorded.
  int trace_one_in = 100;
  // How long new calls are taken after SIGTERM, when readiness is off already: until callers who
  // watch it have turned to other replicas.
  absl::Duration drain_delay = absl::Seconds(1);
  // How long running calls may go on after that.
  absl::Duration drain_grace = absl::Seconds(10);
  // Of the gRPC server, and of the channels to other services.
  rpc::TlsOptions tls;
};

// Declares `listen`, `metrics-listen`, `health-listen`, `log-level`, `log-level-file`, `trace-…`,
// `drain-delay`, `drain-grace` and `tls-…`.
void AddServeOptions(config::Options& options, ServeOptions* target);

// Serves until SIGTERM or SIGINT, then drains: readiness off → Stop() of the services in reverse
// order → the rest of `drain_delay`, which another signal cuts short → Drain() of the server. Logs
// one line `serving` with the fields `grpc_port`, `health_port` (0: none) and `metrics_port` once
// all are bound, `ready` and `not ready` (with the reason) on each change, and `drained` at the
// end. Exposes `crier_build_info` and `crier_ready`. Returns the exit code: 0 after a drain, 1 when
// an address cannot be bound.
//
// Must be called from the main thread before other threads are started: it blocks the signals.
int Serve(const ServeOptions& options, metrics::Registry& registry,
          const std::vector<Service*>& services);

// What a server's main() consists of; the binary supplies the parts.
struct Program {
  std::string name;         // `crier-ingest`
  std::string description;  // head of --help
  ServeOptions* serve;
  // Declares the service's own settings.
  std::function<void(config::Options&)> add_options;
  // The `migrate` command: creates or updates schema and role.
  std::function<absl::Status()> migrate;
  // The `serve` command, also without a word: builds the services and calls Serve().
  std::function<int(metrics::Registry&)> serve_command;
};

// Parses the settings (exit code 2 and one line per mistake on standard error when they are wrong),
// initialises logs and traces, runs the command.
int Main(int argc, char** argv, const Program& program);

}  // namespace crier::process

#endif  // CRIER_COMMON_PROCESS_PROCESS_H_
