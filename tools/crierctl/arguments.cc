#include "tools/crierctl/arguments.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace crier::crierctl {

void OnRun(CLI::App& command, Session& session, std::function<absl::Status()> run) {
  command.callback([&session, run = std::move(run)] { session.action = run; });
}

CLI::Option* AddName(CLI::App& command, const std::string& thing, std::string& name,
                     const std::string& short_name) {
  return command
      .add_option(thing, name, absl::StrCat("The ", thing, ": ", short_name, ", or its full name"))
      ->required();
}

void AddLimit(CLI::App& command, int& limit) {
  const bool all = limit == 0;
  CLI::Option* const option = TakeWholeNumbers(
      command.add_option("--limit", limit,
                         all ? "How many at most (all when not given)" : "How many at most"),
      1);
  if (!all) option->capture_default_str();
}

CLI::Option* AddDuration(CLI::App& command, const std::string& name,
                         std::function<void(absl::Duration)> set, const std::string& help,
                         absl::Duration least) {
  return command
      .add_option_function<std::string>(
          name,
          [name, least, set = std::move(set)](const std::string& text) {
            absl::Duration duration;
            // CLI11 reports mistakes of option values by exceptions; it catches these itself.
            if (!absl::ParseDuration(text, &duration)) {
              throw CLI::ValidationError(
                  name, absl::StrCat("`", text, "` is no duration: write `500ms`, `10s` or `2m`"));
            }
            if (duration < least) {
              throw CLI::ValidationError(name, absl::StrCat("`", text, "` is too short"));
            }
            set(duration);
          },
          help)
      ->type_name("DURATION");
}

CLI::Option* AddTime(CLI::App& command, const std::string& name,
                     std::function<void(absl::Time)> set, const std::string& help) {
  return command
      .add_option_function<std::string>(
          name,
          [name, set = std::move(set)](const std::string& text) {
            absl::Time time;
            absl::Duration ago;
            std::string error;
            if (absl::ParseDuration(text, &ago) && ago > absl::ZeroDuration()) {
              set(absl::Now() - ago);
            } else if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
              set(time);
            } else {
              throw CLI::ValidationError(
                  name, absl::StrCat("`", text,
                                     "` is no time: write `2026-04-17T10:00:00Z`, or "
                                     "`24h` for as long ago"));
            }
          },
          help)
      ->type_name("TIME");
}

CLI::Option* TakeWholeNumbers(CLI::Option* option, int least, int most) {
  const bool open = most == std::numeric_limits<int>::max();
  const std::string range =
      open ? absl::StrCat(least, " or more") : absl::StrCat("from ", least, " to ", most);
  return option->type_name(open ? "NUMBER" : absl::StrCat(least, "..", most))
      ->check([least, most, range](const std::string& text) -> std::string {
        int number = 0;
        if (absl::SimpleAtoi(text, &number) && number >= least && number <= most) return "";
        return absl::StrCat("must be a whole number, ", range);
      });
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

CLI::Option* AddEtag(CLI::App& command, std::function<void(const std::string&)> set) {
  return command.add_option_function<std::string>(
      "--etag",
      [set = std::move(set)](const std::string& etag) {
        set(absl::StartsWith(etag, "\"") ? etag : absl::StrCat("\"", etag, "\""));
      },
      "Do it only if this is still the etag that `get` shows");
}

}  // namespace crier::crierctl
