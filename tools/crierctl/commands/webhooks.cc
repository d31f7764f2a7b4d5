// crierctl webhooks: where payloads go.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/time.h"
#include "crier/delivery/v1/webhook_service.grpc.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/commands/health_command.h"
#include "tools/crierctl/commands/list_output.h"
#include "tools/crierctl/commands/named_command.h"
#include "tools/crierctl/commands/signing_key_commands.h"
#include "tools/crierctl/commands/webhook_fields.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/failure.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

using ::crier::delivery::v1::CreateWebhookRequest;
using ::crier::delivery::v1::EnableWebhookRequest;
using ::crier::delivery::v1::Exchange;
using ::crier::delivery::v1::ListWebhooksRequest;
using ::crier::delivery::v1::ListWebhooksResponse;
using ::crier::delivery::v1::PayloadType;
using ::crier::delivery::v1::TestWebhookRequest;
using ::crier::delivery::v1::TestWebhookResponse;
using ::crier::delivery::v1::UpdateWebhookRequest;
using ::crier::delivery::v1::Webhook;
using ::crier::delivery::v1::WebhookService;
using Stub = WebhookService::Stub;

// The switches that are on, in a word each.
std::string SwitchesText(const Webhook& webhook) {
  std::vector<std::string> words;
  if (webhook.envelope()) words.push_back("envelope");
  if (webhook.member_alias()) words.push_back("member-alias");
  if (webhook.operational()) words.push_back("operational");
  if (webhook.has_secret()) words.push_back("secret");
  if (!webhook.client_certificate().empty()) words.push_back("client-certificate");
  if (!webhook.trusted_roots().empty()) words.push_back("trusted-roots");
  if (!webhook.custom_headers().empty()) {
    words.push_back(absl::StrCat("headers:", webhook.custom_headers_size()));
  }
  return absl::StrJoin(words, ",");
}

std::string HeadersText(const Webhook& webhook) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : webhook.custom_headers()) {
    lines.push_back(absl::StrCat(name, ": ", value));
  }
  std::sort(lines.begin(), lines.end());  // a map has no order of its own
  return absl::StrJoin(lines, ", ");
}

std::string DelaysText(const Webhook::RetryPolicy& policy) {
  return absl::StrJoin(policy.delays(), ", ", [](std::string* out, const auto& delay) {
    absl::StrAppend(out, ReadableDuration(api::FromProto(delay)));
  });
}

// Nothing for no limit.
std::string CountText(int32_t count) { return count == 0 ? "" : ReadableCount(count); }

// `enabled`, `enabled (failing)`, or `disabled (gone) since …`.
std::string StateText(const Webhook& webhook, bool with_time) {
  if (webhook.state() == Webhook::STATE_UNSPECIFIED) return "";  // of one that is not stored
  std::string text = absl::AsciiStrToLower(Webhook::State_Name(webhook.state()));
  if (webhook.disable_reason() != Webhook::DISABLE_REASON_UNSPECIFIED) {
    const std::string reason = Webhook::DisableReason_Name(webhook.disable_reason());
    absl::StrAppend(&text, " (", absl::AsciiStrToLower(reason), ")");
  } else if (webhook.has_failing_since()) {
    absl::StrAppend(&text, " (failing)");
  }
  if (with_time && webhook.has_state_change_time()) {
    absl::StrAppend(&text, " since ", TimeText(webhook.state_change_time(), true));
  }
  return text;
}

void Show(Session& session, const Webhook& webhook) {
  if (session.settings.json()) {
    session.out << MessageJson(webhook);
    return;
  }
  const bool has_timeout = webhook.has_request_timeout();
  session.out << RenderFields({
      {"webhook", webhook.name()},
      {"name", webhook.display_name()},
      {"state", StateText(webhook, /*with_time=*/true)},
      {"failing since", TimeText(webhook.failing_since(), webhook.has_failing_since())},
      {"url", webhook.url()},
      {"payload version", webhook.payload_version()},
      {"switches", SwitchesText(webhook)},
      {"headers", HeadersText(webhook)},
      {"request timeout",
       has_timeout ? ReadableDuration(api::FromProto(webhook.request_timeout())) : ""},
      {"retry delays", DelaysText(webhook.retry_policy())},
      {"attempts a delivery", CountText(webhook.retry_policy().max_attempts())},
      {"attempts a minute", CountText(webhook.attempts_per_minute())},
      {"attempts at once", CountText(webhook.max_concurrency())},
      {"created", TimeText(webhook.create_time(), webhook.has_create_time())},
      {"updated", TimeText(webhook.update_time(), webhook.has_update_time())},
      {"etag", webhook.etag()},
      {"signing secret", webhook.signing_secret()},
  });
  const std::string keys = SigningKeysText(webhook);
  if (!keys.empty()) session.out << "\n" << keys;
}

absl::Status Create(Session& session, const CreateWebhookRequest& given) {
  CreateWebhookRequest request = given;
  ASSIGN_OR_RETURN(*request.mutable_parent(), CommunityName(session.settings.community));
  ASSIGN_OR_RETURN(const Webhook webhook,
                   Connect<WebhookService>(session.settings).Call(&Stub::CreateWebhook, request));
  Show(session, webhook);
  if (!session.settings.json()) session.out << SecretAdvice(webhook.signing_secret());
  return absl::OkStatus();
}

void AddCreate(CLI::App& parent, Session& session) {
  struct Arguments {
    WebhookFields fields;
    SigningKeyFields key;
    CreateWebhookRequest request;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = *parent.add_subcommand("create", "Create a webhook");
  AddWebhookFields(command, arguments->fields);
  command.get_option("--display-name")->required();
  command.get_option("--url")->required();
  AddSigningKeyFields(command, arguments->key);
  command.add_option_function<std::string>(
      "--request-id", [arguments](const std::string& id) { arguments->request.set_request_id(id); },
      "Makes the call repeatable: the same id creates the webhook once");
  command.add_flag_callback(
      "--validate-only", [arguments] { arguments->request.set_validate_only(true); },
      "Check only; create nothing");
  OnRun(command, session, [&session, arguments] {
    *arguments->request.mutable_webhook() = arguments->fields.webhook;
    arguments->request.set_signing_secret(arguments->key.secret);
    arguments->request.set_signing_scheme(arguments->key.scheme);
    return Create(session, arguments->request);
  });
}

absl::Status ListAll(Session& session, int limit) {
  ListWebhooksRequest request;
  ASSIGN_OR_RETURN(*request.mutable_parent(), CommunityName(session.settings.community));
  ASSIGN_OR_RETURN(const ListWebhooksResponse response,
                   List(Connect<WebhookService>(session.settings), &Stub::ListWebhooks, request,
                        limit, &ListWebhooksResponse::webhooks_size));
  ShowList(session, response, response.webhooks(),
           {"ID", "NAME", "STATE", "URL", "SWITCHES", "CREATED"},
           [](const Webhook& webhook) -> Row {
             return {LastPart(webhook.name()),
                     webhook.display_name(),
                     StateText(webhook, /*with_time=*/false),
                     webhook.url(),
                     SwitchesText(webhook),
                     TimeText(webhook.create_time(), webhook.has_create_time())};
           });
  return absl::OkStatus();
}

void AddList(CLI::App& parent, Session& session) {
  const auto limit = std::make_shared<int>(0);
  CLI::App& command = *parent.add_subcommand("list", "List the webhooks of a community");
  AddLimit(command, *limit);
  OnRun(command, session, [&session, limit] { return ListAll(session, *limit); });
}

absl::StatusOr<std::string> NameOf(const Session& session, const std::string& text) {
  return ChildName("webhooks", session.settings.community, text);
}

constexpr Kind<WebhookService, Webhook> kWebhook = {"webhook", &NameOf, &Show};

absl::Status Update(Session& session, const std::string& text, const WebhookFields& fields) {
  if (fields.mask.paths().empty()) {
    return UsageError("nothing to change: give a new value, like --url or --display-name");
  }
  UpdateWebhookRequest request;
  *request.mutable_webhook() = fields.webhook;
  *request.mutable_update_mask() = fields.mask;
  ASSIGN_OR_RETURN(*request.mutable_webhook()->mutable_name(), NameOf(session, text));
  ASSIGN_OR_RETURN(const Webhook webhook,
                   Connect<WebhookService>(session.settings).Call(&Stub::UpdateWebhook, request));
  Show(session, webhook);
  return absl::OkStatus();
}

void AddUpdate(CLI::App& parent, Session& session) {
  struct Arguments {
    std::string name;
    WebhookFields fields;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = *parent.add_subcommand("update", "Change what is given, keep the rest");
  AddName(command, "webhook", arguments->name);
  AddWebhookFields(command, arguments->fields);
  AddEtag(command,
          [arguments](const std::string& etag) { arguments->fields.webhook.set_etag(etag); });
  OnRun(command, session,
        [&session, arguments] { return Update(session, arguments->name, arguments->fields); });
}

void AddStateChanges(CLI::App& parent, Session& session) {
  AddStateChange(parent, session, kWebhook, "pause", "Hold deliveries until the webhook is resumed",
                 &Stub::PauseWebhook);
  AddStateChange(parent, session, kWebhook, "resume", "Send again, beginning with what was held",
                 &Stub::ResumeWebhook);
  AddStateChange(parent, session, kWebhook, "disable", "Stop sending, keeping deliveries",
                 &Stub::DisableWebhook);
  const auto enable = std::make_shared<EnableWebhookRequest>();
  AddStateChange(parent, session, kWebhook, "enable",
                 "Send again to a disabled webhook, beginning with what was kept",
                 &Stub::EnableWebhook, enable)
      .add_flag_callback(
          "--cancel-pending", [enable] { enable->set_cancel_pending(true); },
          "Cancel what was kept instead");
}

struct TestArguments {
  std::string name;
  WebhookFields fields;
  PayloadType payload_type = PayloadType::CONTACT;
};

absl::StatusOr<TestWebhookRequest> MakeTestRequest(const Session& session,
                                                   const TestArguments& arguments) {
  TestWebhookRequest request;
  request.set_payload_type(arguments.payload_type);
  if (arguments.name.empty() && arguments.fields.webhook.url().empty()) {
    return UsageError("what to test? Give the number of a saved webhook, or --url of a new one");
  }
  if (!arguments.name.empty()) {
    if (!arguments.fields.mask.paths().empty()) {
      return UsageError("a saved webhook is tested as it is: leave out the other options");
    }
    ASSIGN_OR_RETURN(*request.mutable_webhook_name(), NameOf(session, arguments.name));
    request.set_parent(CommunityOf(request.webhook_name()));
    return request;
  }
  ASSIGN_OR_RETURN(*request.mutable_parent(), CommunityName(session.settings.community));
  *request.mutable_webhook() = arguments.fields.webhook;
  request.mutable_webhook()->set_display_name("test");
  return request;
}

absl::Status Test(Session& session, const TestArguments& arguments) {
  // The receiver may take half a minute by itself.
  Settings patient = session.settings;
  patient.timeout = std::max(patient.timeout, absl::Seconds(45));
  ASSIGN_OR_RETURN(const TestWebhookRequest request, MakeTestRequest(session, arguments));
  ASSIGN_OR_RETURN(const TestWebhookResponse response,
                   Connect<WebhookService>(patient).Call(&Stub::TestWebhook, request));
  const Exchange& exchange = response.exchange();
  session.out << (session.settings.json() ? MessageJson(response) : ExchangeText(exchange));
  if (exchange.outcome() == Exchange::SUCCEEDED) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the receiver did not accept the test: ", OutcomeText(exchange)));
}

void AddTest(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<TestArguments>();
  CLI::App& command = *parent.add_subcommand(
      "test", "Send a sample payload to a saved webhook, or to --url before it is saved");
  AddName(command, "webhook", arguments->name)->required(false);
  AddRequestFields(command, arguments->fields);
  AddChoice<PayloadType>(
      command, "--payload",
      {{"contact", PayloadType::CONTACT},
       {"organization", PayloadType::ORGANIZATION},
       {"activity", PayloadType::ACTIVITY},
       {"notice", PayloadType::NOTICE}},
      [arguments](PayloadType type) { arguments->payload_type = type; },
      "Which sample (contact when not given)");
  OnRun(command, session, [&session, arguments] { return Test(session, *arguments); });
}

}  // namespace

void AddWebhooksCommand(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("webhooks", "Where payloads go");
  command.require_subcommand(1);
  AddCreate(command, session);
  AddList(command, session);
  AddNamedCommand(command, session, kWebhook, "get", "Show a webhook", &Stub::GetWebhook);
  AddUpdate(command, session);
  AddDeleteCommand(command, session, kWebhook, "Delete a webhook and cancel its pending deliveries",
                   &Stub::DeleteWebhook);
  AddStateChanges(command, session);
  AddTest(command, session);
  AddSigningKeyCommands(command, session);
  AddHealthCommand(command, session);
}

}  // namespace crier::crierctl
