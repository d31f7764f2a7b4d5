#include "tools/crierctl/arguments.h"

#include "absl/strings/str_cat.h"

namespace crier::crierctl {

void OnRun(CLI::App& command, Session& session, std::function<absl::Status()> run) {
  command.callback([&session, run = std::move(run)] { session.action = run; });
}

CLI::Option* AddDuration(CLI::App& command, const std::string& name,
                         std::function<void(absl::Duration)> set, const std::string& help) {
  return command
      .add_option_function<std::string>(
          name,
          [name, set](const std::string& text) {
            absl::Duration duration;
            if (!absl::ParseDuration(text, &duration) || duration <= absl::ZeroDuration()) {
              // CLI11 reports mistakes of option values by exceptions; it catches this one itself.
              throw CLI::ValidationError(
                  name, absl::StrCat("`", text, "` is no duration: write `500ms`, `10s` or `2m`"));
            }
            set(duration);
          },
          help)
      ->type_name("DURATION");
}

}  // namespace crier::crierctl
