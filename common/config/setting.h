// One declared option, as the parts of this folder hand it to each other.
#ifndef CRIER_COMMON_CONFIG_SETTING_H_
#define CRIER_COMMON_CONFIG_SETTING_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace crier::config {

struct Setting {
  std::string name;
  std::string help;
  std::string value_form;    // stands for the value in --help, for example `DURATION`
  std::string default_text;  // as it would be written; empty for none
  bool is_switch = false;    // the bare flag means `true`
  bool required = false;
  bool secret = false;

  // Reads a value into the target. Returns what is wrong, completing the sentence "<value> …", or
  // empty.
  std::function<std::string(absl::string_view text)> assign;
  std::function<bool()> is_empty;
};

// How an option is written in each source.
std::string FlagName(absl::string_view name);      // `--drain-grace`
std::string VariableName(absl::string_view name);  // `CRIER_DRAIN_GRACE`

// The option that names the file from which a secret is read.
std::string SecretFileName(absl::string_view name);  // `postgres-url-file`

// The option that names the configuration file.
inline constexpr char kConfigName[] = "config";

}  // namespace crier::config

#endif  // CRIER_COMMON_CONFIG_SETTING_H_
