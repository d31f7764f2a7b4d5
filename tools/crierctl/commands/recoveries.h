// Sending again what a receiver has missed.
#ifndef CRIER_TOOLS_CRIERCTL_COMMANDS_RECOVERIES_H_
#define CRIER_TOOLS_CRIERCTL_COMMANDS_RECOVERIES_H_

#include <CLI/CLI.hpp>

#include "tools/crierctl/session.h"

namespace crier::crierctl {

// Declares `recover`, which begins a recovery; `crierctl recoveries` has the rest.
void AddRecoverCommand(CLI::App& deliveries, Session& session);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_COMMANDS_RECOVERIES_H_
