// crier-bench: both ends of a measurement, the load and the receiver.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "tools/bench.d/crier_bench/load.h"
#include "tools/bench.d/crier_bench/read.h"
#include "tools/bench.d/crier_bench/receive.h"

namespace crier::bench {
namespace {

int Run(int argc, char** argv) {
  CLI::App app("Both ends of a measurement; tools/bench runs it.");
  app.require_subcommand(1);

  LoadOptions load;
  CLI::App& load_command = *app.add_subcommand("load", "Sends new contacts to the ingest service");
  const std::map<std::string, Way> ways = {{"unary", Way::kUnary},
                                           {"batch", Way::kBatch},
                                           {"stream", Way::kStream},
                                           {"nothing", Way::kNothing}};
  load_command.add_option("--target", load.target, "The ingest service, host:port")->required();
  load_command
      .add_option("--way", load.way, "unary, batch or stream; or nothing, for calls without")
      ->transform(CLI::CheckedTransformer(ways));
  load_command.add_option("--count", load.count, "Contacts in all")->required();
  load_command.add_option("--first-community", load.communities.first);
  load_command.add_option("--communities", load.communities.count)->check(CLI::PositiveNumber);
  load_command
      .add_option("--identities", load.identities, "Of a contact: e-mail, LinkedIn, GitHub, ...")
      ->check(CLI::Range(1, kMaxIdentities));
  load_command.add_option("--callers", load.callers)->check(CLI::PositiveNumber);
  load_command.add_option("--items", load.items)->check(CLI::Range(1, 1000));
  load_command.add_option("--window", load.window)->check(CLI::PositiveNumber);
  load_command.add_option("--rate", load.rate, "Contacts a second; 0 means as many as possible");
  load_command.add_option("--answers", load.answers_file, "File for the moments of the answers")
      ->required();

  ReceiveOptions receive;
  CLI::App& receive_command = *app.add_subcommand("receive", "Answers webhooks");
  receive_command.add_option("--port", receive.port);
  receive_command.add_option("--certificate", receive.certificate_file, "PEM file; makes it TLS");
  receive_command.add_option("--key", receive.key_file, "PEM file");
  receive_command
      .add_option("--arrivals", receive.arrivals_file, "File for the moments of arrival")
      ->required();
  receive_command.add_option("--count", receive.count, "Contacts in all")->required();

  ReadOptions read;
  CLI::App& read_command = *app.add_subcommand("read", "Streams contacts of the ingest service");
  read_command.add_option("--target", read.target, "The ingest service, host:port")->required();
  read_command.add_option("--community", read.community)->required();
  read_command.add_option("--filter", read.filter);

  CLI11_PARSE(app, argc, argv);
  const absl::Status status = load_command.parsed()   ? Load(load)
                              : read_command.parsed() ? Read(read)
                                                      : Receive(receive);
  if (status.ok()) return 0;
  std::cerr << "crier-bench: " << status << "\n";
  return 1;
}

}  // namespace
}  // namespace crier::bench

int main(int argc, char** argv) {
  // As the services do: Debian's Abseil would put every lock of gRPC's into a graph.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  try {
    return crier::bench::Run(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "crier-bench: %s\n", exception.what());
    return 1;
  }
}
