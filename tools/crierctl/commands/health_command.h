// crierctl webhooks health.
#ifndef CRIER_TOOLS_CRIERCTL_COMMANDS_HEALTH_COMMAND_H_
#define CRIER_TOOLS_CRIERCTL_COMMANDS_HEALTH_COMMAND_H_

#include <CLI/CLI.hpp>

#include "tools/crierctl/session.h"

namespace crier::crierctl {

// Declares `health <webhook>`.
void AddHealthCommand(CLI::App& webhooks, Session& session);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_COMMANDS_HEALTH_COMMAND_H_
