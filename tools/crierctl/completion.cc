#include "tools/crierctl/completion.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace crier::crierctl {
namespace {

// CLI11 shows the choices of an option in its type, `TEXT:{table,json}`, and nowhere else.
std::vector<std::string> ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  const size_t close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return absl::StrSplit(type.substr(open + 1, close - open - 1), ',');
}

void AddOptions(const CLI::App& app, CompletionNode& node) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      node.options.push_back({absl::StrCat("--", name), option->get_description(),
                              option->get_items_expected_min() > 0, ChoicesOf(*option)});
    }
  }
}

void AddNodes(const CLI::App& app, const CLI::App& root, const std::string& path,
              std::vector<CompletionNode>& nodes) {
  CompletionNode node;
  node.path = path;
  const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* sub : subcommands) {
    node.commands.emplace_back(sub->get_name(), sub->get_description());
  }
  AddOptions(app, node);
  if (&app != &root) {
    CompletionNode global;
    AddOptions(root, global);
    for (CompletionOption& option : global.options) {
      if (option.name != "--help" && option.name != "--version") {
        node.options.push_back(std::move(option));
      }
    }
  }
  nodes.push_back(std::move(node));
  for (const CLI::App* sub : subcommands) {
    AddNodes(*sub, root, path.empty() ? sub->get_name() : absl::StrCat(path, " ", sub->get_name()),
             nodes);
  }
}

// For single quotes, in which fish alone knows escapes; bash and zsh must leave and come back.
std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string FishQuoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

// The paths of all commands as alternatives of a `case`.
std::string PathPattern(const std::vector<CompletionNode>& nodes) {
  std::vector<std::string> paths;
  for (const CompletionNode& node : nodes) {
    if (!node.path.empty()) paths.push_back(Quoted(node.path));
  }
  return absl::StrJoin(paths, "|");
}

// Options with choices, each once: name → choices.
std::vector<CompletionOption> WithChoices(const std::vector<CompletionNode>& nodes) {
  std::vector<CompletionOption> found;
  std::set<std::string> names;
  for (const CompletionNode& node : nodes) {
    for (const CompletionOption& option : node.options) {
      if (!option.choices.empty() && names.insert(option.name).second) found.push_back(option);
    }
  }
  return found;
}

// `name:help` as zsh's _describe takes it.
std::string Described(const std::string& name, const std::string& help) {
  return Quoted(absl::StrCat(absl::StrReplaceAll(name, {{":", "\\:"}}), ":", help));
}

}  // namespace

std::vector<CompletionNode> CompletionNodes(const CLI::App& app) {
  std::vector<CompletionNode> nodes;
  AddNodes(app, app, "", nodes);
  return nodes;
}

std::string BashCompletion(const std::vector<CompletionNode>& nodes) {
  std::string script = absl::StrCat(R"(# bash completion of crierctl
_crierctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local path= word words=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case ${path:+$path }$word in
      )",
                                    PathPattern(nodes), R"()
        path=${path:+$path }$word ;;
    esac
  done
  case $previous in
)");
  for (const CompletionOption& option : WithChoices(nodes)) {
    absl::StrAppend(&script, "    ", option.name,
                    ") words=", Quoted(absl::StrJoin(option.choices, " ")), " ;;\n");
  }
  absl::StrAppend(&script, "  esac\n  if [[ -z $words ]]; then\n    case $path in\n");
  for (const CompletionNode& node : nodes) {
    std::vector<std::string> words;
    for (const auto& [name, help] : node.commands) words.push_back(name);
    for (const CompletionOption& option : node.options) words.push_back(option.name);
    absl::StrAppend(&script, "      ", Quoted(node.path),
                    ") words=", Quoted(absl::StrJoin(words, " ")), " ;;\n");
  }
  absl::StrAppend(&script, R"(    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _crierctl crierctl
)");
  return script;
}

std::string ZshCompletion(const std::vector<CompletionNode>& nodes) {
  std::string script = absl::StrCat(R"(#compdef crierctl
# zsh completion of crierctl
_crierctl() {
  local command_path= word
  local -a candidates
  for word in "${(@)words[2,CURRENT-1]}"; do
    case "${command_path:+$command_path }$word" in
      )",
                                    PathPattern(nodes), R"()
        command_path="${command_path:+$command_path }$word" ;;
    esac
  done
  case "${words[CURRENT-1]}" in
)");
  for (const CompletionOption& option : WithChoices(nodes)) {
    std::vector<std::string> choices;
    for (const std::string& choice : option.choices) choices.push_back(Quoted(choice));
    absl::StrAppend(&script, "    ", option.name, ") candidates=(", absl::StrJoin(choices, " "),
                    ") ;;\n");
  }
  absl::StrAppend(&script, "  esac\n  if (( ! $#candidates )); then\n    case $command_path in\n");
  for (const CompletionNode& node : nodes) {
    std::vector<std::string> words;
    for (const auto& [name, help] : node.commands) words.push_back(Described(name, help));
    for (const CompletionOption& option : node.options) {
      words.push_back(Described(option.name, option.help));
    }
    absl::StrAppend(&script, "      ", Quoted(node.path), ") candidates=(",
                    absl::StrJoin(words, " "), ") ;;\n");
  }
  absl::StrAppend(&script, R"(    esac
  fi
  _describe -o crierctl candidates
  _files
}
compdef _crierctl crierctl
)");
  return script;
}

std::string FishCompletion(const std::vector<CompletionNode>& nodes) {
  std::vector<std::string> paths;
  for (const CompletionNode& node : nodes) {
    if (!node.path.empty()) paths.push_back(FishQuoted(node.path));
  }
  std::string script = absl::StrCat(R"(# fish completion of crierctl
function __crierctl_at
  set -l path
  for word in (commandline -opc)[2..-1]
    if contains -- (string join -- ' ' $path $word) )",
                                    absl::StrJoin(paths, " "), R"(
      set path $path $word
    end
  end
  test "$path" = "$argv[1]"
end
)");
  for (const CompletionNode& node : nodes) {
    const std::string here = absl::StrCat(
        "complete -c crierctl -n ", Quoted(absl::StrCat("__crierctl_at \"", node.path, "\"")));
    for (const auto& [name, help] : node.commands) {
      absl::StrAppend(&script, here, " -f -a ", name, " -d ", FishQuoted(help), "\n");
    }
    for (const CompletionOption& option : node.options) {
      absl::StrAppend(&script, here, " -l ", absl::StripPrefix(option.name, "--"),
                      option.takes_value ? " -r" : "");
      if (!option.choices.empty()) {
        absl::StrAppend(&script, " -f -a ", FishQuoted(absl::StrJoin(option.choices, " ")));
      }
      absl::StrAppend(&script, " -d ", FishQuoted(option.help), "\n");
    }
  }
  return script;
}

}  // namespace crier::crierctl
