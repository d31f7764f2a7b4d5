// crierctl completion: scripts for shells.
#include "tools/crierctl/completion.h"

#include <string>
#include <utility>
#include <vector>

#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"

namespace crier::crierctl {
namespace {

using MakeScript = std::string (*)(const std::vector<CompletionNode>&);

struct Shell {
  const char* name;
  MakeScript make_script;
  const char* use;
};

constexpr Shell kShells[] = {
    {"bash", BashCompletion, "Load it with: source <(crierctl completion bash)"},
    {"zsh", ZshCompletion, "Load it, after compinit, with: source <(crierctl completion zsh)"},
    {"fish", FishCompletion, "Load it with: crierctl completion fish | source"},
};

}  // namespace

void AddCompletionCommand(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("completion", "Print a completion script for a shell");
  command.require_subcommand(1);
  for (const Shell& shell : kShells) {
    CLI::App& sub = *command.add_subcommand(shell.name, shell.use);
    OnRun(sub, session, [&app, &session, make_script = shell.make_script] {
      session.out << make_script(CompletionNodes(app));
      return absl::OkStatus();
    });
  }
}

}  // namespace crier::crierctl
