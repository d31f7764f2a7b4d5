#include "tools/crierctl/cli.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/failure.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

void AddGlobalOptions(CLI::App& app, Settings& settings) {
  app.add_option("--server", settings.server, "Where Crier runs, host:port")
      ->envname("CRIER_SERVER")
      ->capture_default_str();
  app.add_option("--ingest-server", settings.ingest_server,
                 "Where the ingest service runs, if apart")
      ->envname("CRIER_INGEST_SERVER");
  app.add_option("--workflow-server", settings.workflow_server,
                 "Where the workflow evaluator runs, if apart")
      ->envname("CRIER_WORKFLOW_SERVER");
  app.add_option("--delivery-server", settings.delivery_server,
                 "Where the delivery service runs, if apart")
      ->envname("CRIER_DELIVERY_SERVER");
  app.add_option("--tls-ca-file", settings.tls.authorities_file,
                 "Speak TLS, and trust the authorities in this PEM file")
      ->envname("CRIER_TLS_CA_FILE");
  CLI::Option* const certificate =
      app.add_option("--tls-cert-file", settings.tls.certificate_file,
                     "Certificate (PEM) to show to servers that want one")
          ->envname("CRIER_TLS_CERT_FILE");
  CLI::Option* const key =
      app.add_option("--tls-key-file", settings.tls.key_file, "Its private key (PEM)")
          ->envname("CRIER_TLS_KEY_FILE");
  certificate->needs(key);
  key->needs(certificate);
  app.add_option("--community", settings.community, "The community's number")
      ->envname("CRIER_COMMUNITY");
  app.add_option("--output", settings.output, "A table for people, or json for programs")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  AddDuration(
      app, "--timeout", [&settings](absl::Duration timeout) { settings.timeout = timeout; },
      "How long to wait for an answer, like 500ms or 30s (10s when not given)");
}

// CLI11's help, less its mark of the names that switch off: `--envelope,--no-envelope{false}`.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    return absl::StrReplaceAll(CLI::Formatter::make_option_name(option, is_positional),
                               {{"{false}", ""}});
  }
};

void AddVersionCommand(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("version", "Print the version");
  OnRun(command, session, [&session] {
    session.out << (session.settings.json() ? "{\"version\":\"" CRIER_VERSION "\"}"
                                            : "crierctl " CRIER_VERSION)
                << "\n";
    return absl::OkStatus();
  });
}

// The innermost command that was given.
CLI::App& GivenCommand(CLI::App& app) {
  const std::vector<CLI::App*> given = app.get_subcommands();
  return given.empty() ? app : GivenCommand(*given.front());
}

// The words that lead to a command: `crierctl webhooks create`.
std::string PathOf(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name()
                           : absl::StrCat(PathOf(*parent), " ", command.get_name());
}

std::vector<std::string> CommandNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(sub->get_name());
  }
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& app, const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* owner : {&command, &app}) {
    for (const CLI::Option* option : owner->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

// What is wrong, when it is a word that nothing knows; empty otherwise.
std::string UnknownWord(const CLI::App& app, const CLI::App& command) {
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  if (unknown.empty()) return "";
  const std::string& word = unknown.front();
  const bool is_option = absl::StartsWith(word, "-");
  const std::vector<std::string> known =
      is_option ? OptionNames(app, command) : CommandNames(command);
  const std::string name = word.substr(0, word.find('='));
  std::string message =
      is_option || !known.empty()
          ? absl::StrCat("unknown ", is_option ? "option" : "command", " `", Printable(name), "`")
          : absl::StrCat("unexpected `", Printable(word), "`");
  const std::string closest = Closest(name, known);
  if (!closest.empty()) absl::StrAppend(&message, "; did you mean `", closest, "`?");
  return message;
}

void ShowError(absl::string_view message, std::ostream& err) {
  for (const absl::string_view line : absl::StrSplit(message, '\n')) {
    err << "error: " << Printable(line) << "\n";
  }
}

// Whether all output has got where it should go; says so if not.
bool AllWritten(Session& session) {
  session.out << std::flush;
  if (!session.out.fail()) return true;
  ShowError("not all of the output could be written (is the disk full?)", session.err);
  return false;
}

int ShowParseError(CLI::App& app, const CLI::ParseError& error, Session& session) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    return app.exit(error, session.out, session.err);  // --help or --version
  }
  CLI::App& command = GivenCommand(app);
  const std::string unknown = UnknownWord(app, command);
  if (unknown.empty() && !CommandNames(command).empty()) {
    // A group without its command: showing what there is says more than an error.
    const CLI::App* const parent = command.get_parent();
    session.err << command.help(parent == nullptr ? "" : PathOf(*parent));
    return kWrongUsage;
  }
  ShowError(unknown.empty() ? error.what() : unknown, session.err);
  session.err << "See: " << PathOf(command) << " --help\n";
  return kWrongUsage;
}

// The words after the program's name, the last first, as CLI11 takes them. `--secret=` is two
// words, of which the second is empty: CLI11 would take what comes next for its value.
std::vector<std::string> WordsBackwards(int argc, const char* const* argv) {
  std::vector<std::string> words;
  bool options = true;  // until `--`
  for (int i = 1; i < argc; ++i) {
    const absl::string_view word = argv[i];
    if (word == "--") options = false;
    if (options && absl::StartsWith(word, "--") && absl::EndsWith(word, "=") &&
        word.find('=') == word.size() - 1) {
      words.emplace_back(word.substr(0, word.size() - 1));
      words.emplace_back();
    } else {
      words.emplace_back(word);
    }
  }
  std::reverse(words.begin(), words.end());
  return words;
}

// Whether this may be a host before its port. `::1:7400` would leave it open which part is the
// port, and `http://` is no way to call it; `dns:///name.` is a target of gRPC's.
bool IsHost(absl::string_view host) {
  if (absl::StartsWith(host, "[")) return absl::EndsWith(host, "]");
  for (const char* const scheme : {"dns:", "ipv4:", "ipv6:"}) {
    if (absl::StartsWith(host, scheme)) return true;
  }
  return !host.empty() && !absl::StrContains(host, ':') && !absl::StrContains(host, '/');
}

// gRPC takes whatever it is given: without a port it would call port 443.
absl::Status CheckAddresses(const Settings& settings) {
  for (const auto& [option, address] :
       {std::pair("--server", &settings.server),
        std::pair("--ingest-server", &settings.ingest_server),
        std::pair("--workflow-server", &settings.workflow_server),
        std::pair("--delivery-server", &settings.delivery_server)}) {
    const size_t colon = address->rfind(':');
    int port = 0;
    const bool whole = colon != std::string::npos && IsHost(address->substr(0, colon)) &&
                       absl::SimpleAtoi(address->substr(colon + 1), &port) && port > 0 &&
                       port < 65536;
    if (whole || (address->empty() && address != &settings.server)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(option, ": `", *address,
                     "` is no address: write `host:port`, and of an IPv6 address `[::1]:7400`"));
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<CLI::App> MakeParser(Session& session) {
  auto app = std::make_unique<CLI::App>("The command line of Crier, the outbound webhook suite",
                                        "crierctl");
  app->require_subcommand(1);
  app->set_version_flag("--version", std::string("crierctl " CRIER_VERSION));
  app->formatter(std::make_shared<HelpFormatter>());
  app->get_formatter()->column_width(34);
  // Global options are understood before and after the command.
  app->fallthrough();
  AddGlobalOptions(*app, session.settings);
  AddWebhooksCommand(*app, session);
  AddWorkflowsCommand(*app, session);
  AddRunsCommand(*app, session);
  AddIngestCommand(*app, session);
  AddEntityCommands(*app, session);
  AddLogCommand(*app, session);
  AddDeliveriesCommand(*app, session);
  AddRecoveriesCommand(*app, session);
  AddListenCommand(*app, session);
  AddSecretKeysCommand(*app, session);
  AddCompletionCommand(*app, session);
  AddVersionCommand(*app, session);
  app->footer(
      "The options above may stand before or after the command.\n"
      "Exit code: 0 all went well, 1 the command failed, 2 the command line is wrong.");
  return app;
}

int Run(int argc, const char* const* argv, Session& session) {
  const std::unique_ptr<CLI::App> app = MakeParser(session);
  try {
    app->parse(WordsBackwards(argc, argv));
  } catch (const CLI::ParseError& error) {
    const int code = ShowParseError(*app, error, session);
    return AllWritten(session) ? code : kFailed;
  }
  for (const absl::Status& checked :
       {CheckAddresses(session.settings), rpc::CheckTls(session.settings.tls)}) {
    if (checked.ok()) continue;
    ShowError(checked.message(), session.err);
    return kWrongUsage;
  }
  const absl::Status status = session.action();
  // Of a failure, too, what there is to show may be the half of it.
  const bool written = AllWritten(session);
  if (status.ok()) return written ? 0 : kFailed;
  ShowError(status.message(), session.err);
  return IsUsageError(status) ? kWrongUsage : kFailed;
}

}  // namespace crier::crierctl
