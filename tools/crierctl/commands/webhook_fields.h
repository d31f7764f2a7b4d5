// The options that describe a webhook, for all commands that take one.
#ifndef CRIER_TOOLS_CRIERCTL_COMMANDS_WEBHOOK_FIELDS_H_
#define CRIER_TOOLS_CRIERCTL_COMMANDS_WEBHOOK_FIELDS_H_

#include <CLI/CLI.hpp>

#include "crier/delivery/v1/webhook_service.pb.h"
#include "google/protobuf/field_mask.pb.h"

namespace crier::crierctl {

// A webhook as far as the command line describes it, and which of its fields that were.
struct WebhookFields {
  delivery::v1::Webhook webhook;
  google::protobuf::FieldMask mask;
};

// Declares what a single request depends on: `--url`, `--secret` and the others. `fields` must
// outlive the parser.
void AddRequestFields(CLI::App& command, WebhookFields& fields);

// Declares these, and what else a webhook has: its name, its pace, whether it gets notices.
void AddWebhookFields(CLI::App& command, WebhookFields& fields);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_COMMANDS_WEBHOOK_FIELDS_H_
