// The options that describe a workflow, for the commands that make and change one.
#ifndef CRIER_TOOLS_CRIERCTL_COMMANDS_WORKFLOW_FIELDS_H_
#define CRIER_TOOLS_CRIERCTL_COMMANDS_WORKFLOW_FIELDS_H_

#include <CLI/CLI.hpp>
#include <string>

#include "crier/workflow/v1/workflow_service.pb.h"
#include "google/protobuf/field_mask.pb.h"

namespace crier::crierctl {

// A workflow as far as the command line describes it, and which of its fields that were.
struct WorkflowFields {
  workflow::v1::Workflow workflow;
  google::protobuf::FieldMask mask;
  std::string webhook;          // a number or a full name; empty when not given
  bool daily_at_given = false;  // the time of the schedule, of which the time zone is another part
};

// Declares `--display-name`, `--webhook`, `--filter`, and when and how much is sent. `fields` must
// outlive the parser.
void AddWorkflowFields(CLI::App& command, WorkflowFields& fields);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_COMMANDS_WORKFLOW_FIELDS_H_
