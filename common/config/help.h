// The text of --help.
#ifndef CRIER_COMMON_CONFIG_HELP_H_
#define CRIER_COMMON_CONFIG_HELP_H_

#include <string>
#include <utility>
#include <vector>

#include "common/config/setting.h"

namespace crier::config {

struct HelpPage {
  std::string program;
  std::string version;
  std::string description;
  std::vector<std::pair<std::string, std::string>> commands;  // word and help line
  const std::vector<Setting>* settings;
};

// At most 80 columns wide where words allow. Options with a prefix stand in a group of their own.
std::string FormatHelp(const HelpPage& page);

}  // namespace crier::config

#endif  // CRIER_COMMON_CONFIG_HELP_H_
