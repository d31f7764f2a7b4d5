#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/process/process.h"
#include "common/process/signals.h"

namespace crier::process {
namespace {

constexpr char kServe[] = "serve";
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

log::Level LevelOf(const ServeOptions& options) {
  log::Level level = log::Level::kInfo;
  log::ParseLevel(options.log_level, &level);  // checked by Parse()
  return level;
}

}  // namespace

void AddServeOptions(config::Options& options, ServeOptions* target) {
  options.Add("listen", &target->listen,
              "Address of the gRPC server as host:port; port 0 lets the system choose.");
  options.Required();
  options.Add("metrics-listen", &target->metrics_listen,
              "Address of /metrics as host:port; port 0 lets the system choose.");
  options.Required();
  options.Add("log-level", &target->log_level,
              "Lowest level that is logged: debug, info, warning or error.");
  options.Add("drain-grace", &target->drain_grace, absl::ZeroDuration(), absl::Minutes(10),
              "How long running calls may go on after SIGTERM, 0s to 10m.");
  options.Check([target]() -> std::string {
    log::Level level;
    if (log::ParseLevel(target->log_level, &level)) return "";
    return absl::StrCat("log-level is `", target->log_level,
                        "`; use debug, info, warning or error");
  });
}

int Main(int argc, char** argv, const Program& program) {
  BlockTerminationSignals();  // before the services start their threads
  config::Options options(program.name, program.description, CRIER_VERSION);
  std::string command = kServe;
  options.Commands(&command, {{kServe, "Serve until SIGTERM; the default."},
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
  metrics::Registry registry;
  return program.serve_command(registry);
}

}  // namespace crier::process
