// The command line as a whole.
#ifndef CRIER_TOOLS_CRIERCTL_CLI_H_
#define CRIER_TOOLS_CRIERCTL_CLI_H_

#include <CLI/CLI.hpp>
#include <memory>

#include "tools/crierctl/session.h"

namespace crier::crierctl {

// The parser with every command and the global options. `session` must outlive it.
std::unique_ptr<CLI::App> MakeParser(Session& session);

// Parses and runs. Results go to the session's `out`, everything else to its `err`. Returns the
// exit code: 0 when all went well, 1 when the command failed, 2 when the command line is wrong.
int Run(int argc, const char* const* argv, Session& session);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_CLI_H_
