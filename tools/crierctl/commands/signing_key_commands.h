// The commands of `crierctl webhooks` about signing keys.
#ifndef CRIER_TOOLS_CRIERCTL_COMMANDS_SIGNING_KEY_COMMANDS_H_
#define CRIER_TOOLS_CRIERCTL_COMMANDS_SIGNING_KEY_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "crier/delivery/v1/webhook_service.pb.h"
#include "tools/crierctl/session.h"

namespace crier::crierctl {

// How keys are made or imported: what a creation and a rotation have in common.
struct SigningKeyFields {
  std::string secret;
  delivery::v1::SigningScheme scheme = delivery::v1::SIGNING_SCHEME_UNSPECIFIED;
};

// Declares `--signing-secret-file` and `--signing-scheme`. `fields` must outlive the parser.
void AddSigningKeyFields(CLI::App& command, SigningKeyFields& fields);

// A table of the keys of a webhook; empty when none is shown.
std::string SigningKeysText(const delivery::v1::Webhook& webhook);

// What to say when a secret is shown; empty without one.
std::string SecretAdvice(const std::string& secret);

// Declares `rotate-key` and `revoke-key`.
void AddSigningKeyCommands(CLI::App& webhooks, Session& session);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_COMMANDS_SIGNING_KEY_COMMANDS_H_
