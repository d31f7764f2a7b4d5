// crierctl workflows preview: criteria tried out.
#ifndef CRIER_TOOLS_CRIERCTL_COMMANDS_WORKFLOW_PREVIEW_H_
#define CRIER_TOOLS_CRIERCTL_COMMANDS_WORKFLOW_PREVIEW_H_

#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "crier/workflow/v1/workflow_service.pb.h"
#include "tools/crierctl/session.h"

namespace crier::crierctl {

// The words for templates and what they stand for.
const std::vector<std::pair<std::string, workflow::v1::Workflow::Template>>& TemplateChoices();

void AddWorkflowPreview(CLI::App& parent, Session& session);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_COMMANDS_WORKFLOW_PREVIEW_H_
