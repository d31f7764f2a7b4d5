#include "tools/crierctl/commands/signing_key_commands.h"

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "crier/delivery/v1/webhook_service.grpc.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"

namespace crier::crierctl {
namespace {

using ::crier::delivery::v1::RevokeSigningKeyRequest;
using ::crier::delivery::v1::RotateSigningSecretRequest;
using ::crier::delivery::v1::RotateSigningSecretResponse;
using ::crier::delivery::v1::SigningKey;
using ::crier::delivery::v1::SigningScheme;
using ::crier::delivery::v1::Webhook;
using ::crier::delivery::v1::WebhookService;
using Stub = WebhookService::Stub;

absl::Status Rotate(Session& session, const std::string& webhook,
                    const RotateSigningSecretRequest& given) {
  RotateSigningSecretRequest request = given;
  ASSIGN_OR_RETURN(*request.mutable_name(),
                   ChildName("webhooks", session.settings.community, webhook));
  ASSIGN_OR_RETURN(
      const RotateSigningSecretResponse response,
      Connect<WebhookService>(session.settings).Call(&Stub::RotateSigningSecret, request));
  if (session.settings.json()) {
    session.out << MessageJson(response);
    return absl::OkStatus();
  }
  session.out << SigningKeysText(response.webhook()) << "\n"
              << RenderFields({{"signing secret", response.signing_secret()}})
              << SecretAdvice(response.signing_secret());
  return absl::OkStatus();
}

void AddRotate(CLI::App& parent, Session& session) {
  struct Arguments {
    std::string webhook;
    SigningKeyFields key;
    RotateSigningSecretRequest request;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = *parent.add_subcommand(
      "rotate-key", "Give a webhook a new signing key; the old one signs along for a while");
  AddName(command, "webhook", arguments->webhook);
  AddSigningKeyFields(command, arguments->key);
  AddDuration(
      command, "--overlap",
      [arguments](absl::Duration overlap) {
        *arguments->request.mutable_overlap() = api::ToProto(overlap);
      },
      "How long the old key signs along, 0s to 168h (24h when not given)", absl::ZeroDuration());
  command.add_option_function<std::string>(
      "--request-id", [arguments](const std::string& id) { arguments->request.set_request_id(id); },
      "Makes the call repeatable: the same id rotates once");
  AddEtag(command, [arguments](const std::string& etag) { arguments->request.set_etag(etag); });
  OnRun(command, session, [&session, arguments] {
    arguments->request.set_signing_secret(arguments->key.secret);
    arguments->request.set_signing_scheme(arguments->key.scheme);
    return Rotate(session, arguments->webhook, arguments->request);
  });
}

absl::Status Revoke(Session& session, const std::string& webhook,
                    const RevokeSigningKeyRequest& given) {
  RevokeSigningKeyRequest request = given;
  ASSIGN_OR_RETURN(*request.mutable_name(),
                   ChildName("webhooks", session.settings.community, webhook));
  ASSIGN_OR_RETURN(
      const Webhook response,
      Connect<WebhookService>(session.settings).Call(&Stub::RevokeSigningKey, request));
  session.out << (session.settings.json() ? MessageJson(response) : SigningKeysText(response));
  return absl::OkStatus();
}

void AddRevoke(CLI::App& parent, Session& session) {
  struct Arguments {
    std::string webhook;
    int number = 0;
    RevokeSigningKeyRequest request;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = *parent.add_subcommand("revoke-key", "Take a signing key away at once");
  AddName(command, "webhook", arguments->webhook);
  TakeWholeNumbers(
      command.add_option("key", arguments->number, "The key's number, as `get` shows it"), 1)
      ->required();
  AddEtag(command, [arguments](const std::string& etag) { arguments->request.set_etag(etag); });
  OnRun(command, session, [&session, arguments] {
    arguments->request.set_key_number(arguments->number);
    return Revoke(session, arguments->webhook, arguments->request);
  });
}

}  // namespace

void AddSigningKeyFields(CLI::App& command, SigningKeyFields& fields) {
  command
      .add_option_function<std::string>(
          "--signing-secret-file",
          [&fields](const std::string& path) {
            fields.secret = std::string(absl::StripAsciiWhitespace(ReadFile(path)));
          },
          "A file with the signing secret to import, whsec_… or whsk_… (made when not given)")
      ->check(CLI::ExistingFile);
  AddChoice<SigningScheme>(
      command, "--signing-scheme", {{"v1", delivery::v1::V1}, {"v1a", delivery::v1::V1A}},
      [&fields](SigningScheme scheme) { fields.scheme = scheme; },
      "How the key signs: v1 (HMAC-SHA256) or v1a (ed25519) (v1 when not given)");
}

std::string SigningKeysText(const Webhook& webhook) {
  if (webhook.signing_keys().empty()) return "";
  Table table({"KEY", "SCHEME", "MADE", "EXPIRES", "PUBLIC KEY"});
  for (const SigningKey& key : webhook.signing_keys()) {
    table.AddRow({absl::StrCat(key.number()),
                  absl::AsciiStrToLower(delivery::v1::SigningScheme_Name(key.scheme())),
                  TimeText(key.create_time(), key.has_create_time()),
                  key.has_expire_time() ? TimeText(key.expire_time(), true) : "never",
                  key.public_key()});
  }
  return table.Render();
}

std::string SecretAdvice(const std::string& secret) {
  if (secret.empty()) return "";
  if (absl::StartsWith(secret, "whsk_")) {
    return "\nKeep the signing secret: it is shown this once. Receivers check signatures with the "
           "public key.\n";
  }
  return "\nKeep the signing secret: it is shown this once. Receivers check signatures with it,\n"
         "as does `crierctl listen --signing-secret …`.\n";
}

void AddSigningKeyCommands(CLI::App& webhooks, Session& session) {
  AddRotate(webhooks, session);
  AddRevoke(webhooks, session);
}

}  // namespace crier::crierctl
