#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/log/log.h"
#include "common/process/level_file.h"
#include "common/process/process.h"
#include "common/process/signals.h"
#include "common/trace/otlp.h"

namespace crier::process {
namespace {

constexpr char kMigrate[] = "migrate";

int Migrate(const Program& program) {
  const absl::Status status = program.migrate();
  if (!status.ok()) {
    log::Error("cannot migrate", {{"reason", status}});
    return 1;
  }
  log::Info("migrated");
  return 0;
}

// Sends traces where the settings say, and what is left of them at the end of its life.
class Tracing {
 public:
  static absl::StatusOr<std::unique_ptr<Tracing>> Start(const Program& program) {
    const ServeOptions& options = *program.serve;
    if (options.trace_otlp_endpoint.empty()) return nullptr;
    auto sink = trace::MakeOtlpSink({.endpoint = options.trace_otlp_endpoint,
                                     .service = program.name,
                                     .version = CRIER_VERSION});
    if (!sink.ok()) return sink.status();
    trace::SetSink(*std::move(sink), 1.0 / options.trace_one_in);
    return std::make_unique<Tracing>();
  }
  ~Tracing() { trace::SetSink(nullptr, 0); }
};

// A certificate goes with its key, and who must show one needs somebody to have signed it.
std::string TlsMistake(const rpc::TlsOptions& tls) {
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return "tls-cert-file and tls-key-file belong together: give both or neither";
  }
  if (tls.require_client_certificate &&
      (tls.certificate_file.empty() || tls.authorities_file.empty())) {
    return "tls-require-client-cert needs tls-cert-file, tls-key-file and tls-ca-file as well";
  }
  const absl::Status status = rpc::CheckTls(tls);
  return status.ok() ? "" : absl::StrCat("TLS: ", status.message());
}

void AddTlsOptions(config::Options& options, rpc::TlsOptions* tls) {
  options.Add("tls-cert-file", &tls->certificate_file,
              "PEM file of this server's certificate and its chain; with it and tls-key-file, gRPC "
              "speaks TLS only. The files of TLS are read anew when they change; until certificate "
              "and key belong together, the server goes on with the last that did.");
  options.Add("tls-key-file", &tls->key_file, "PEM file of the certificate's private key.");
  options.Add("tls-ca-file", &tls->authorities_file,
              "PEM file of the authorities to trust; with it, calls to other services use TLS, and "
              "show this server's certificate when asked.");
  options.Add("tls-require-client-cert", &tls->require_client_certificate,
              "Whether to refuse callers without a certificate of those authorities.");
  options.Check([tls] { return TlsMistake(*tls); });
}

// Debian builds Abseil with its checks for debugging: the order in which mutexes are locked, those
// of gRPC among them, goes into one graph with stack traces. That is for builds with assertions, in
// which tests run.
void LockWithoutTraces() {
#ifdef NDEBUG
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
}

}  // namespace

void AddServeOptions(config::Options& options, ServeOptions* target) {
  options.Add("listen", &target->listen,
              "Address of the gRPC server as host:port; port 0 lets the system choose.");
  options.Required();
  options.Add("metrics-listen", &target->metrics_listen,
              "Address of /metrics as host:port; port 0 lets the system choose.");
  options.Required();
  options.Add(
      "health-listen", &target->health_listen,
      "Address, as host:port, where the gRPC health service is answered in plain text beside "
      "`listen`: probes of Kubernetes speak no TLS. Empty: nowhere.");
  options.Add("log-level", &target->log_level,
              "Lowest level that is logged: debug, info, warning or error.");
  options.Add("log-level-file", &target->log_level_file,
              "File that holds the level in place of log-level; read again every second, so that "
              "the level changes without a restart.");
  options.Add("trace-otlp-endpoint", &target->trace_otlp_endpoint,
              "OpenTelemetry collector that traces are sent to, as an OTLP/HTTP URL, for example "
              "http://collector:4318/v1/traces. Empty: nowhere.");
  options.Add("trace-one-in", &target->trace_one_in, 1, 1'000'000,
              "Of the calls that come without a traceparent, one of so many begins a recorded "
              "trace; those that come with one are recorded as their caller decided.");
  options.Add("drain-delay", &target->drain_delay, absl::ZeroDuration(), absl::Minutes(1),
              "How long new calls are still taken after SIGTERM, 0s to 1m: until callers who watch "
              "readiness have turned to other replicas.");
  options.Add("drain-grace", &target->drain_grace, absl::ZeroDuration(), absl::Minutes(10),
              "How long running calls may go on after that, 0s to 10m.");
  AddTlsOptions(options, &target->tls);
  options.Check([target]() -> std::string {
    log::Level level;
    if (log::ParseLevel(target->log_level, &level)) return "";
    return absl::StrCat("log-level is `", target->log_level,
                        "`; use debug, info, warning or error");
  });
}

int Main(int argc, char** argv, const Program& program) {
  LockWithoutTraces();
  BlockTerminationSignals();  // before the services start their threads
  config::Options options(program.name, program.description, CRIER_VERSION);
  std::string command = kServeCommand;
  options.Commands(&command, {{kServeCommand, "Serve until SIGTERM; the default."},
                              {kMigrate, "Create or update schema and role, then exit."}});
  AddServeOptions(options, program.serve);
  program.add_options(options);

  const auto request = options.Parse(argc, argv, environ);
  if (!request.ok()) {
    std::fprintf(stderr, "%s\n", std::string(request.status().message()).c_str());
    return 2;
  }
  if (*request == config::Options::Request::kHelp) {
    std::fputs(options.Help().c_str(), stdout);
    return 0;
  }
  if (*request == config::Options::Request::kVersion) {
    std::printf("%s %s\n", program.name.c_str(), CRIER_VERSION);
    return 0;
  }
  log::Initialize(program.name, LevelOf(*program.serve));
  if (command == kMigrate) return Migrate(program);
  const auto tracing = Tracing::Start(program);
  if (!tracing.ok()) {
    std::fprintf(stderr, "--trace-otlp-endpoint: %s\n",
                 std::string(tracing.status().message()).c_str());
    return 2;
  }
  metrics::Registry registry;
  return program.serve_command(registry);
}

}  // namespace crier::process
