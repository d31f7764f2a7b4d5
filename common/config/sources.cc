#include "common/config/sources.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/config/closest_name.h"
#include "common/config/setting.h"

namespace crier::config {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr size_t kAnyDistance = std::numeric_limits<size_t>::max();

// How far an unknown variable may be from a known one to be taken for a slip of the finger.
constexpr size_t kMaxVariableDistance = 2;

using Form = std::string (*)(absl::string_view name);

std::vector<std::string> Written(const KnownNames& known, Form form) {
  std::vector<std::string> names;
  for (const auto& [name, is_switch] : known) names.push_back(form(name));
  return names;
}

std::string Plain(absl::string_view name) { return std::string(name); }

// What a service of its own calls `name` and a process of several calls by the service as well;
// empty when there is nothing of the kind.
std::string OfAService(absl::string_view name, const KnownNames& known) {
  const std::string end = absl::StrCat(".", name);
  const auto found = std::find_if(known.begin(), known.end(), [&](const auto& option) {
    return absl::EndsWith(option.first, end);
  });
  return found == known.end() ? "" : found->first;
}

// `name` and the candidates are written in `form`.
std::string Suggestion(absl::string_view name, const KnownNames& known, Form form) {
  const std::string of_a_service = OfAService(absl::StripPrefix(name, form("")), known);
  const std::string closest = of_a_service.empty()
                                  ? ClosestName(name, Written(known, form), kAnyDistance)
                                  : form(of_a_service);
  return closest.empty() ? "see --help" : absl::StrCat("did you mean ", closest, "?");
}

void AddValue(absl::string_view name, absl::string_view text, const std::string& place,
              FoundValues& values, std::vector<std::string>& mistakes) {
  const auto [entry, is_new] = values.insert({std::string(name), {std::string(text), place}});
  if (!is_new) mistakes.push_back(absl::StrCat(place, ": given twice; leave one"));
}

// Whether `word`, which follows the flag of an option, is its value.
bool IsValueOf(bool is_switch, absl::string_view word) {
  return is_switch ? word == "true" || word == "false" : !absl::StartsWith(word, "--");
}

// Reads the flag `argv[at]`; returns how many words it took.
int ReadFlag(const std::vector<absl::string_view>& argv, size_t at, const KnownNames& known,
             FoundValues& values, std::vector<std::string>& mistakes) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(argv[at], absl::MaxSplits('=', 1));
  const bool has_value = absl::StrContains(argv[at], '=');
  const auto option = known.find(std::string(absl::StripPrefix(parts.first, "--")));
  if (!absl::StartsWith(parts.first, "--") || option == known.end()) {
    mistakes.push_back(
        absl::StrCat(parts.first, ": unknown flag; ", Suggestion(parts.first, known, FlagName)));
    return 1;
  }
  const auto& [name, is_switch] = *option;
  if (has_value) {
    AddValue(name, parts.second, FlagName(name), values, mistakes);
    return 1;
  }
  if (at + 1 < argv.size() && IsValueOf(is_switch, argv[at + 1])) {
    AddValue(name, argv[at + 1], FlagName(name), values, mistakes);
    return 2;
  }
  if (is_switch) {
    AddValue(name, "true", FlagName(name), values, mistakes);
  } else {
    mistakes.push_back(
        absl::StrCat(FlagName(name), ": needs a value; write ", FlagName(name), "=…"));
  }
  return 1;
}

// The option that the variable `variable` sets, if any.
std::optional<std::string> OptionOf(absl::string_view variable, const KnownNames& known) {
  for (const auto& [name, is_switch] : known) {
    if (variable == VariableName(name)) return name;
  }
  return std::nullopt;
}

}  // namespace

CommandLine ReadCommandLine(int argc, const char* const* argv, const KnownNames& known,
                            std::vector<std::string>& mistakes) {
  const std::vector<absl::string_view> arguments(argv, argv + argc);
  CommandLine result;
  for (size_t at = 1; at < arguments.size();) {
    const absl::string_view argument = arguments[at];
    if (argument == "--help" || argument == "-h") {
      result.help = true;
      ++at;
    } else if (argument == "--version") {
      result.version = true;
      ++at;
    } else if (absl::StartsWith(argument, "-")) {
      at += ReadFlag(arguments, at, known, result.values, mistakes);
    } else {
      result.words.emplace_back(argument);
      ++at;
    }
  }
  return result;
}

FoundValues ReadEnvironment(const char* const* environment, const KnownNames& known,
                            std::vector<std::string>& mistakes) {
  FoundValues values;
  for (; *environment != nullptr; ++environment) {
    if (!absl::StartsWith(*environment, "CRIER_")) continue;
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(*environment, absl::MaxSplits('=', 1));
    if (const auto name = OptionOf(parts.first, known)) {
      AddValue(*name, parts.second, VariableName(*name), values, mistakes);
      continue;
    }
    const std::string closest =
        ClosestName(parts.first, Written(known, VariableName), kMaxVariableDistance);
    if (!closest.empty()) {
      mistakes.push_back(
          absl::StrCat(parts.first, ": unknown variable; did you mean ", closest, "?"));
    }
  }
  return values;
}

FoundValues ReadConfigFile(const std::string& path, const KnownNames& known,
                           std::vector<std::string>& mistakes) {
  FoundValues values;
  const absl::StatusOr<std::string> content = ReadSmallFile(path);
  if (!content.ok()) {
    mistakes.push_back(absl::StrCat(FlagName(kConfigName), ": ", content.status().message()));
    return values;
  }
  int line_number = 0;
  for (absl::string_view line : absl::StrSplit(*content, '\n')) {
    const std::string place = absl::StrCat(path, ":", ++line_number, ": ");
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || absl::StartsWith(line, "#")) continue;
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    const absl::string_view name = absl::StripAsciiWhitespace(parts.first);
    if (!absl::StrContains(line, '=')) {
      mistakes.push_back(absl::StrCat(place, "must have the form `name = value`"));
    } else if (known.count(std::string(name)) == 0) {
      mistakes.push_back(
          absl::StrCat(place, "unknown name ", name, "; ", Suggestion(name, known, Plain)));
    } else {
      AddValue(name, absl::StripAsciiWhitespace(parts.second), absl::StrCat(place, name), values,
               mistakes);
    }
  }
  return values;
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  const auto failure = [&](absl::string_view reason) {
    return absl::InvalidArgumentError(absl::StrCat("cannot read ", path, ": ", reason));
  };
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  if (file == nullptr) return failure(std::strerror(errno));
  std::string content(kMaxFileBytes + 1, '\0');
  content.resize(std::fread(content.data(), 1, content.size(), file.get()));
  if (std::ferror(file.get())) return failure(std::strerror(errno));
  if (content.size() > kMaxFileBytes) return failure("it is larger than 1 MiB");
  return content;
}

}  // namespace crier::config
