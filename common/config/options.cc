#include "common/config/options.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/help.h"
#include "common/config/setting.h"
#include "common/config/sources.h"
#include "common/config/values.h"

namespace crier::config {
namespace {

// What the first source that has the option says.
std::optional<FoundValue> Find(const std::string& name, const std::vector<FoundValues>& sources) {
  for (const FoundValues& source : sources) {
    const auto found = source.find(name);
    if (found != source.end()) return found->second;
  }
  return std::nullopt;
}

// As Find(), for an option whose value may also stand in a file of its own.
std::optional<FoundValue> FindSecret(const std::string& name,
                                     const std::vector<FoundValues>& sources,
                                     std::vector<std::string>& mistakes) {
  for (const FoundValues& source : sources) {
    const auto direct = source.find(name);
    const auto file = source.find(SecretFileName(name));
    if (direct != source.end() && file != source.end()) {
      mistakes.push_back(absl::StrCat(file->second.place, ": given together with ",
                                      direct->second.place, "; leave one"));
      return std::nullopt;
    }
    if (direct != source.end()) return direct->second;
    if (file == source.end()) continue;
    const absl::StatusOr<std::string> content = ReadSmallFile(file->second.text);
    if (!content.ok()) {
      mistakes.push_back(absl::StrCat(file->second.place, ": ", content.status().message()));
      return std::nullopt;
    }
    return FoundValue{std::string(absl::StripTrailingAsciiWhitespace(*content)),
                      file->second.place};
  }
  return std::nullopt;
}

std::string RequiredMistake(const Setting& setting) {
  std::string remedy = absl::StrCat("set it, or ", VariableName(setting.name));
  if (setting.secret) absl::StrAppend(&remedy, ", or ", FlagName(SecretFileName(setting.name)));
  return absl::StrCat(FlagName(setting.name), ": required; ", remedy);
}

// Gives the target of a setting its value, and checks it.
void Apply(const Setting& setting, const std::vector<FoundValues>& sources,
           std::vector<std::string>& mistakes) {
  const size_t mistakes_before = mistakes.size();
  const auto found =
      setting.secret ? FindSecret(setting.name, sources, mistakes) : Find(setting.name, sources);
  if (found) {
    const std::string mistake = setting.assign(found->text);
    if (!mistake.empty()) {
      mistakes.push_back(absl::StrCat(
          found->place, ": ", setting.secret ? "the value" : absl::StrCat("`", found->text, "`"),
          " ", mistake));
    }
  }
  if (setting.required && setting.is_empty() && mistakes.size() == mistakes_before) {
    mistakes.push_back(RequiredMistake(setting));
  }
}

}  // namespace

struct Options::Impl {
  std::string program;
  std::string version;
  std::string description;
  std::vector<Setting> settings;
  struct CheckOf {
    std::string command;  // empty: any
    std::function<std::string()> run;
  };
  std::vector<CheckOf> checks;
  std::string* command = nullptr;
  std::vector<std::pair<std::string, std::string>> commands;
  std::string config_path;

  Setting& Declare(absl::string_view name, absl::string_view value_form, absl::string_view help,
                   absl::string_view default_text);

  KnownNames Known() const {
    KnownNames known;
    for (const Setting& setting : settings) {
      known[setting.name] = setting.is_switch;
      if (setting.secret) known[SecretFileName(setting.name)] = false;
    }
    return known;
  }

  std::vector<FoundValues> ReadSources(CommandLine command_line, const char* const* environment,
                                       std::vector<std::string>& mistakes) const;
  void ApplyCommand(const std::vector<std::string>& words,
                    std::vector<std::string>& mistakes) const;
  void RunChecks(std::vector<std::string>& mistakes) const;
};

Setting& Options::Impl::Declare(absl::string_view name, absl::string_view value_form,
                                absl::string_view help, absl::string_view default_text) {
  assert(Known().count(std::string(name)) == 0 && "option declared twice");
  Setting& setting = settings.emplace_back();
  setting.name = std::string(name);
  setting.value_form = std::string(value_form);
  setting.help = std::string(help);
  setting.default_text = std::string(default_text);
  setting.is_empty = [] { return false; };
  return setting;
}

// In the order in which they count.
std::vector<FoundValues> Options::Impl::ReadSources(CommandLine command_line,
                                                    const char* const* environment,
                                                    std::vector<std::string>& mistakes) const {
  std::vector<FoundValues> sources;
  sources.push_back(std::move(command_line.values));
  sources.push_back(ReadEnvironment(environment, Known(), mistakes));
  const auto path = Find(kConfigName, sources);
  if (path && !path->text.empty()) {
    KnownNames known = Known();
    known.erase(kConfigName);  // a file does not name another one
    sources.push_back(ReadConfigFile(path->text, known, mistakes));
  }
  return sources;
}

// Words are not repeated in mistakes: one may be a secret that lost its flag.
void Options::Impl::ApplyCommand(const std::vector<std::string>& words,
                                 std::vector<std::string>& mistakes) const {
  if (words.empty()) return;
  if (commands.empty()) {
    mistakes.push_back("a word without a flag: write --name=value; see --help");
    return;
  }
  std::vector<std::string> known;
  for (const auto& [word, help] : commands) known.push_back(word);
  if (words.size() > 1) {
    mistakes.push_back(
        absl::StrCat("more than one command: give one of ", absl::StrJoin(known, ", ")));
  } else if (std::find(known.begin(), known.end(), words[0]) == known.end()) {
    mistakes.push_back(absl::StrCat("unknown command: give one of ", absl::StrJoin(known, ", ")));
  } else {
    *command = words[0];
  }
}

void Options::Impl::RunChecks(std::vector<std::string>& mistakes) const {
  for (const CheckOf& check : checks) {
    if (!check.command.empty() && check.command != *command) continue;
    std::string mistake = check.run();
    if (!mistake.empty()) mistakes.push_back(std::move(mistake));
  }
}

Options::Options(std::string program, std::string description, std::string version)
    : impl_(std::make_unique<Impl>()) {
  impl_->program = std::move(program);
  impl_->version = std::move(version);
  impl_->description = std::move(description);
  Add(kConfigName, &impl_->config_path, "File with further settings, one `name = value` a line.");
}

Options::~Options() = default;

void Options::Add(absl::string_view name, std::string* target, absl::string_view help) {
  Setting& setting = impl_->Declare(name, "TEXT", help, *target);
  setting.assign = [target](absl::string_view text) {
    *target = std::string(text);
    return std::string();
  };
  setting.is_empty = [target] { return target->empty(); };
}

void Options::Add(absl::string_view name, bool* target, absl::string_view help) {
  Setting& setting = impl_->Declare(name, "true|false", help, *target ? "true" : "false");
  setting.is_switch = true;
  setting.assign = [target](absl::string_view text) { return ParseBool(text, target); };
}

void Options::Add(absl::string_view name, int* target, int min, int max, absl::string_view help) {
  Setting& setting = impl_->Declare(name, "NUMBER", help, absl::StrCat(*target));
  setting.assign = [=](absl::string_view text) { return ParseInt(text, min, max, target); };
}

void Options::Add(absl::string_view name, absl::Duration* target, absl::Duration min,
                  absl::Duration max, absl::string_view help) {
  Setting& setting = impl_->Declare(name, "DURATION", help, absl::FormatDuration(*target));
  setting.assign = [=](absl::string_view text) { return ParseDuration(text, min, max, target); };
}

void Options::Add(absl::string_view name, std::vector<std::string>* target,
                  absl::string_view help) {
  Setting& setting = impl_->Declare(name, "ITEM,...", help, absl::StrJoin(*target, ","));
  setting.assign = [target](absl::string_view text) {
    *target = ParseList(text);
    return std::string();
  };
  setting.is_empty = [target] { return target->empty(); };
}

void Options::Required() { impl_->settings.back().required = true; }

void Options::Secret() { impl_->settings.back().secret = true; }

void Options::Check(std::function<std::string()> check) { CheckFor("", std::move(check)); }

void Options::CheckFor(absl::string_view command, std::function<std::string()> check) {
  impl_->checks.push_back({std::string(command), std::move(check)});
}

void Options::Commands(std::string* target,
                       std::vector<std::pair<std::string, std::string>> commands) {
  impl_->command = target;
  impl_->commands = std::move(commands);
}

absl::StatusOr<Options::Request> Options::Parse(int argc, const char* const* argv,
                                                const char* const* environment) {
  std::vector<std::string> mistakes;
  CommandLine command_line = ReadCommandLine(argc, argv, impl_->Known(), mistakes);
  if (command_line.help) return Request::kHelp;
  if (command_line.version) return Request::kVersion;
  impl_->ApplyCommand(command_line.words, mistakes);
  const std::vector<FoundValues> sources =
      impl_->ReadSources(std::move(command_line), environment, mistakes);
  for (const Setting& setting : impl_->settings) Apply(setting, sources, mistakes);
  if (mistakes.empty()) impl_->RunChecks(mistakes);
  if (!mistakes.empty()) return absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n"));
  return Request::kRun;
}

std::string Options::Help() const {
  return FormatHelp(
      {impl_->program, impl_->version, impl_->description, impl_->commands, &impl_->settings});
}

}  // namespace crier::config
