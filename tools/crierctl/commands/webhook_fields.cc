#include "tools/crierctl/commands/webhook_fields.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "common/api/time.h"
#include "tools/crierctl/arguments.h"

namespace crier::crierctl {
namespace {

void AddHeaders(CLI::App& command, WebhookFields& fields) {
  auto* const headers = command.add_option_function<std::vector<std::string>>(
      "--header",
      [&fields](const std::vector<std::string>& lines) {
        fields.mask.add_paths("custom_headers");
        for (const std::string& line : lines) {
          const size_t colon = line.find(':');
          if (colon == std::string::npos || colon == 0) {
            throw CLI::ValidationError("--header", "write it as `Name: value`");
          }
          (*fields.webhook.mutable_custom_headers())[line.substr(0, colon)] =
              std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
        }
      },
      "A request header to send along, `Name: value`; may be repeated");
  headers->type_name("HEADER")->take_all()->type_size(1)->allow_extra_args(false);
  command
      .add_flag_callback(
          "--no-headers", [&fields] { fields.mask.add_paths("custom_headers"); },
          "Send no further headers along")
      ->excludes(headers);
}

void AddSecret(CLI::App& command, WebhookFields& fields) {
  const auto set = [&fields](const std::string& secret) {
    fields.webhook.set_secret(secret);
    fields.mask.add_paths("secret");
  };
  auto* const secret = command.add_option_function<std::string>(
      "--secret", set,
      "Sent verbatim in the header x-commonroom-webhook-secret; empty for no such header");
  command
      .add_option_function<std::string>(
          "--secret-file",
          [set](const std::string& path) {
            set(std::string(absl::StripTrailingAsciiWhitespace(ReadFile(path))));
          },
          "A file with the secret, which keeps it out of the shell's history")
      ->check(CLI::ExistingFile)
      ->excludes(secret);
}

// `set` gets the content of the file; an empty path takes away what was set.
void AddPemFile(CLI::App& command, WebhookFields& fields, const char* name, const char* path,
                std::function<void(std::string)> set, const char* help) {
  command
      .add_option_function<std::string>(
          name,
          [&fields, path, set = std::move(set)](const std::string& file) {
            set(file.empty() ? "" : ReadFile(file));
            fields.mask.add_paths(path);
          },
          help)
      ->check([](const std::string& file) { return file.empty() ? "" : CLI::ExistingFile(file); })
      ->type_name("FILE");
}

void AddTls(CLI::App& command, WebhookFields& fields) {
  AddPemFile(
      command, fields, "--client-certificate", "client_certificate",
      [&fields](std::string pem) { fields.webhook.set_client_certificate(std::move(pem)); },
      "PEM file of the certificate that the receiver asks for, with its chain; empty for none");
  AddPemFile(
      command, fields, "--client-key", "client_key",
      [&fields](std::string pem) { fields.webhook.set_client_key(std::move(pem)); },
      "PEM file of the key of --client-certificate");
  AddPemFile(
      command, fields, "--trusted-roots", "trusted_roots",
      [&fields](std::string pem) { fields.webhook.set_trusted_roots(std::move(pem)); },
      "PEM file of authorities that the receiver's certificate may come from, beside the usual "
      "ones; empty for none");
}

// A number of a field that may be set to 0 again.
void AddNumber(CLI::App& command, WebhookFields& fields, const char* name, const char* path,
               void (delivery::v1::Webhook::*set)(int32_t), const char* help) {
  TakeWholeNumbers(command.add_option_function<int32_t>(
                       name,
                       [&fields, path, set](int32_t value) {
                         (fields.webhook.*set)(value);
                         fields.mask.add_paths(path);
                       },
                       help),
                   0);
}

void AddPace(CLI::App& command, WebhookFields& fields) {
  command
      .add_option_function<std::vector<std::string>>(
          "--retry-delays",
          [&fields](const std::vector<std::string>& delays) {
            fields.mask.add_paths("retry_policy");
            for (const std::string& text : delays) {
              absl::Duration delay;
              if (!absl::ParseDuration(text, &delay)) {
                throw CLI::ValidationError("--retry-delays", "write them as `5s,5m,2h`");
              }
              *fields.webhook.mutable_retry_policy()->add_delays() = api::ToProto(delay);
            }
          },
          "How long to wait after each failed attempt but the last, `5s,5m,2h`; a new webhook has "
          "the documented delays")
      ->delimiter(',')
      ->type_name("DURATIONS");
  TakeWholeNumbers(command.add_option_function<int32_t>(
                       "--max-attempts",
                       [&fields](int32_t count) {
                         fields.webhook.mutable_retry_policy()->set_max_attempts(count);
                         fields.mask.add_paths("retry_policy");
                       },
                       "How many attempts a delivery gets, at the documented delays; 0 for all"),
                   0);
  AddNumber(command, fields, "--attempts-per-minute", "attempts_per_minute",
            &delivery::v1::Webhook::set_attempts_per_minute,
            "Attempts a minute at most; 0 for no limit");
  AddNumber(command, fields, "--max-concurrency", "max_concurrency",
            &delivery::v1::Webhook::set_max_concurrency,
            "Attempts under way at once at most; 0 leaves it to the server");
}

void AddFlag(CLI::App& command, WebhookFields& fields, const char* names, const char* path,
             void (delivery::v1::Webhook::*set)(bool), const char* help) {
  command.add_flag_function(
      names,
      [&fields, path, set](int64_t count) {
        (fields.webhook.*set)(count > 0);
        fields.mask.add_paths(path);
      },
      help);
}

void AddText(CLI::App& command, WebhookFields& fields, const char* name, const char* path,
             const char* type, void (*set)(delivery::v1::Webhook&, const std::string&),
             const char* help) {
  command
      .add_option_function<std::string>(
          name,
          [&fields, path, set](const std::string& value) {
            set(fields.webhook, value);
            fields.mask.add_paths(path);
          },
          help)
      ->type_name(type);
}

}  // namespace

void AddRequestFields(CLI::App& command, WebhookFields& fields) {
  AddText(
      command, fields, "--url", "url", "URL",
      [](auto& webhook, const auto& url) { webhook.set_url(url); }, "Where to send");
  AddSecret(command, fields);
  AddText(
      command, fields, "--payload-version", "payload_version", "TEXT",
      [](auto& webhook, const auto& version) { webhook.set_payload_version(version); },
      "Version of the payloads; a new webhook has the server's newest");
  AddFlag(command, fields, "--envelope,!--no-envelope", "envelope",
          &delivery::v1::Webhook::set_envelope,
          "Wrap payloads with an id and the workflow that fired");
  AddFlag(command, fields, "--member-alias,!--no-member-alias", "member_alias",
          &delivery::v1::Webhook::set_member_alias,
          "Repeat the contact of an activity under `member`");
  AddHeaders(command, fields);
  AddDuration(
      command, "--request-timeout",
      [&fields](absl::Duration timeout) {
        *fields.webhook.mutable_request_timeout() = api::ToProto(timeout);
        fields.mask.add_paths("request_timeout");
      },
      "How long one attempt may take, 1s to 30s; a new webhook has 15s");
  AddTls(command, fields);
}

void AddWebhookFields(CLI::App& command, WebhookFields& fields) {
  AddText(
      command, fields, "--display-name", "display_name", "TEXT",
      [](auto& webhook, const auto& name) { webhook.set_display_name(name); }, "Name for people");
  AddRequestFields(command, fields);
  AddPace(command, fields);
  AddFlag(command, fields, "--operational,!--no-operational", "operational",
          &delivery::v1::Webhook::set_operational,
          "Tell it when another webhook is failing, recovered or disabled, and of deliveries that "
          "are exhausted");
}

}  // namespace crier::crierctl
