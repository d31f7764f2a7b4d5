// The commands, one function each: declares the command and its options on the parser. A command
// that is given sets the session's action; nothing is done while parsing. The session must outlive
// the parser.
#ifndef CRIER_TOOLS_CRIERCTL_COMMANDS_COMMANDS_H_
#define CRIER_TOOLS_CRIERCTL_COMMANDS_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "tools/crierctl/session.h"

namespace crier::crierctl {

void AddWebhooksCommand(CLI::App& app, Session& session);
void AddWorkflowsCommand(CLI::App& app, Session& session);
void AddRunsCommand(CLI::App& app, Session& session);
void AddIngestCommand(CLI::App& app, Session& session);
// contacts, organizations, activities, segments, tags and communities.
void AddEntityCommands(CLI::App& app, Session& session);
void AddLogCommand(CLI::App& app, Session& session);
void AddDeliveriesCommand(CLI::App& app, Session& session);
void AddRecoveriesCommand(CLI::App& app, Session& session);
void AddListenCommand(CLI::App& app, Session& session);
void AddSecretKeysCommand(CLI::App& app, Session& session);
void AddCompletionCommand(CLI::App& app, Session& session);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_COMMANDS_COMMANDS_H_
