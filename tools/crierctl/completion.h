// Shell completion, made from the parser itself, so that it knows every command and option.
#ifndef CRIER_TOOLS_CRIERCTL_COMPLETION_H_
#define CRIER_TOOLS_CRIERCTL_COMPLETION_H_

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

namespace crier::crierctl {

// An option of a command.
struct CompletionOption {
  std::string name;  // `--output`
  std::string help;
  bool takes_value = false;
  std::vector<std::string> choices;  // the values it takes, where they are few
};

// What can be typed after a command.
struct CompletionNode {
  std::string path;  // the words so far: empty for the program, `webhooks`, `webhooks create`
  std::vector<std::pair<std::string, std::string>> commands;  // with their help
  std::vector<CompletionOption> options;  // the command's own, then those of the program
};

// The program and every command, each before the commands inside of it.
std::vector<CompletionNode> CompletionNodes(const CLI::App& app);

// A script for the shell to load, for the program `crierctl`.
std::string BashCompletion(const std::vector<CompletionNode>& nodes);
std::string ZshCompletion(const std::vector<CompletionNode>& nodes);
std::string FishCompletion(const std::vector<CompletionNode>& nodes);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_COMPLETION_H_
