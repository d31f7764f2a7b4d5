#include "common/config/help.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace crier::config {
namespace {

constexpr size_t kColumns = 80;

constexpr char kHelpAndVersion[] =
    "  --help\n"
    "      Show this text.\n"
    "  --version\n"
    "      Show the version.\n";

// `text` in lines of at most kColumns, each beginning with `indent` spaces.
std::string Wrapped(absl::string_view text, size_t indent) {
  const std::string margin(indent, ' ');
  std::string result;
  std::string line;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > kColumns) {
      absl::StrAppend(&result, margin, line, "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
  }
  if (!line.empty()) absl::StrAppend(&result, margin, line, "\n");
  return result;
}

// `ingest` of `ingest.postgres-url`; empty without a prefix.
std::string GroupOf(const Setting& setting) {
  const size_t dot = setting.name.find('.');
  return dot == std::string::npos ? "" : setting.name.substr(0, dot);
}

std::string DefaultText(const Setting& setting) {
  if (setting.required && setting.default_text.empty()) return "Required.";
  if (setting.default_text.empty()) return "Default: empty.";
  return absl::StrCat("Default: ", setting.secret ? "not shown" : setting.default_text, ".");
}

std::string FormatSetting(const Setting& setting) {
  const std::string flag = FlagName(setting.name);
  std::string sources = absl::StrCat("Environment: ", VariableName(setting.name), ".");
  if (setting.secret) {
    const std::string file = SecretFileName(setting.name);
    absl::StrAppend(&sources, " Or the path of a file that holds it: ", FlagName(file), "=PATH, ",
                    VariableName(file), ".");
  }
  return absl::StrCat("  ", flag,
                      setting.is_switch ? absl::StrCat("[=", setting.value_form, "]")
                                        : absl::StrCat("=", setting.value_form),
                      "\n", Wrapped(setting.help, 6),
                      Wrapped(absl::StrCat(DefaultText(setting), " ", sources), 6));
}

std::string FormatCommands(const HelpPage& page) {
  size_t width = 0;
  for (const auto& [word, help] : page.commands) width = std::max(width, word.size());
  std::string result = "\nCommands:\n";
  for (const auto& [word, help] : page.commands) {
    const std::string gap(width - word.size() + 2, ' ');
    absl::StrAppend(&result, "  ", word, gap, help, "\n");
  }
  return result;
}

std::vector<std::string> GroupsOf(const std::vector<Setting>& settings) {
  std::vector<std::string> groups = {""};
  for (const Setting& setting : settings) {
    const std::string group = GroupOf(setting);
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
  return groups;
}

}  // namespace

std::string FormatHelp(const HelpPage& page) {
  std::string result =
      absl::StrCat(page.program, " ", page.version, "\n", Wrapped(page.description, 0),
                   "\nUsage: ", page.program, page.commands.empty() ? "" : " [COMMAND]",
                   " [--OPTION=VALUE]...\n");
  if (!page.commands.empty()) absl::StrAppend(&result, FormatCommands(page));
  for (const std::string& group : GroupsOf(*page.settings)) {
    absl::StrAppend(&result,
                    group.empty() ? "\nOptions:\n" : absl::StrCat("\nOptions of ", group, ":\n"));
    for (const Setting& setting : *page.settings) {
      if (GroupOf(setting) == group) absl::StrAppend(&result, FormatSetting(setting));
    }
    if (group.empty()) absl::StrAppend(&result, kHelpAndVersion);
  }
  absl::StrAppend(&result, "\n",
                  Wrapped("An option is read from its flag, its environment variable or its line "
                          "in the file that --config names; the first of these counts.",
                          0));
  return result;
}

}  // namespace crier::config
