// crierctl listen: a receiver to try things out with.
#include <csignal>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/failure.h"
#include "tools/crierctl/receiver.h"

namespace crier::crierctl {
namespace {

struct Arguments {
  int port = 0;
  int status = 200;
  std::string signing_secret;
  std::optional<std::string> secret;
};

absl::StatusOr<DeliveryChecks> MakeChecks(const Arguments& arguments) {
  DeliveryChecks checks;
  checks.secret = arguments.secret;
  if (!arguments.signing_secret.empty()) {
    auto verifier = SignatureVerifier::FromSecret(arguments.signing_secret);
    if (!verifier.ok()) {
      return UsageError(absl::StrCat("--signing-secret: ", verifier.status().message()));
    }
    checks.signature = *std::move(verifier);
  }
  return checks;
}

absl::Status Listen(Session& session, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const DeliveryChecks checks, MakeChecks(arguments));
  // Blocked before the receiver has threads, so that the signals wait for sigwait() below.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const bool json = session.settings.json();
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Receiver> receiver,
      Receiver::Start(arguments.port, arguments.status, [&](const ReceivedDelivery& delivery) {
        session.out << (json ? ReceivedJson(delivery, checks) : ReceivedText(delivery, checks))
                    << std::flush;
      }));
  const std::string url = absl::StrCat("http://127.0.0.1:", receiver->port());
  if (json) {
    session.out << "{\"listening\":\"" << url << "\"}" << std::endl;
  } else {
    session.err << "listening on " << url << std::endl;
  }
  int signal = 0;
  sigwait(&signals, &signal);
  return absl::OkStatus();
}

}  // namespace

void AddListenCommand(CLI::App& app, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = *app.add_subcommand(
      "listen", "Receive deliveries on this machine, check and show them, until interrupted");
  command.footer(
      "With --output json it prints a line of JSON with `listening`, its URL, and then one for "
      "each delivery.");
  TakeWholeNumbers(
      command.add_option("--port", arguments->port, "Port on 127.0.0.1; 0 is any that is free"), 0,
      65535)
      ->capture_default_str();
  TakeWholeNumbers(command.add_option("--status", arguments->status, "HTTP status to answer with"),
                   200, 599)
      ->capture_default_str();
  command
      .add_option("--signing-secret", arguments->signing_secret,
                  "Check signatures with this `whsec_…`, as `webhooks create` showed it")
      ->envname("CRIER_SIGNING_SECRET");
  command.add_option("--secret", arguments->secret,
                     "Check that the header x-commonroom-webhook-secret holds this");
  OnRun(command, session, [&session, arguments] { return Listen(session, *arguments); });
}

}  // namespace crier::crierctl
