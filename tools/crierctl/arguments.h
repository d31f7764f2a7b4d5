// Kinds of options that several commands have, on top of what CLI11 offers.
#ifndef CRIER_TOOLS_CRIERCTL_ARGUMENTS_H_
#define CRIER_TOOLS_CRIERCTL_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/crierctl/session.h"

namespace crier::crierctl {

// Makes `run` the session's action when the command is the one that was given.
void OnRun(CLI::App& command, Session& session, std::function<absl::Status()> run);

// A required argument that names a `thing`, such as `webhook`, by its full name or by what
// `short_name` says.
CLI::Option* AddName(CLI::App& command, const std::string& thing, std::string& name,
                     const std::string& short_name = "its number");

// An option `--limit` of a command that lists: `limit` is its default, 0 for all.
void AddLimit(CLI::App& command, int& limit);

// An option like `--timeout 1.5s`; `set` gets a duration that is `least` or longer.
CLI::Option* AddDuration(CLI::App& command, const std::string& name,
                         std::function<void(absl::Duration)> set, const std::string& help,
                         absl::Duration least = absl::Nanoseconds(1));

// An option like `--created-from 2026-04-17T10:00:00Z` or `--created-from 24h`, which is as long
// ago; `set` gets the time.
CLI::Option* AddTime(CLI::App& command, const std::string& name,
                     std::function<void(absl::Time)> set, const std::string& help);

// Lets an option take whole numbers from `least` to `most` only, which --help shows.
CLI::Option* TakeWholeNumbers(CLI::Option* option, int least,
                              int most = std::numeric_limits<int>::max());

// An option `--etag`; `set` gets it with its quotes, which a shell takes away.
CLI::Option* AddEtag(CLI::App& command, std::function<void(const std::string&)> set);

// The content of a file that an option names, whose check has found it.
std::string ReadFile(const std::string& path);

// An option that takes one of the given words; `set` gets the value behind it. The words are shown
// by --help and completed by shells.
template <typename T>
CLI::Option* AddChoice(CLI::App& command, const std::string& name,
                       const std::vector<std::pair<std::string, T>>& choices,
                       std::function<void(T)> set, const std::string& help) {
  std::vector<std::string> words;
  for (const auto& [word, value] : choices) words.push_back(word);
  return command
      .add_option_function<std::string>(
          name,
          [choices, set](const std::string& given) {
            for (const auto& [word, value] : choices) {
              if (word == given) set(value);
            }
          },
          help)
      ->check(CLI::IsMember(words));
}

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_ARGUMENTS_H_
