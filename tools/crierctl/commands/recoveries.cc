#include "tools/crierctl/commands/recoveries.h"

#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "crier/delivery/v1/recovery_service.grpc.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/commands/list_output.h"
#include "tools/crierctl/commands/named_command.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

using ::crier::delivery::v1::GetRecoveryRequest;
using ::crier::delivery::v1::ListRecoveriesRequest;
using ::crier::delivery::v1::ListRecoveriesResponse;
using ::crier::delivery::v1::RecoverDeliveriesRequest;
using ::crier::delivery::v1::Recovery;
using ::crier::delivery::v1::RecoveryService;
using Stub = RecoveryService::Stub;

constexpr absl::Duration kPollEvery = absl::Milliseconds(500);

std::string StateText(const Recovery& recovery) {
  return absl::AsciiStrToLower(Recovery::State_Name(recovery.state()));
}

void Show(Session& session, const Recovery& recovery) {
  if (session.settings.json()) {
    session.out << MessageJson(recovery);
    return;
  }
  session.out << RenderFields({
      {"recovery", recovery.name()},
      {"webhook", recovery.webhook()},
      {"enqueued from", TimeText(recovery.created_from(), recovery.has_created_from())},
      {"enqueued before", TimeText(recovery.created_before(), recovery.has_created_before())},
      {"state", StateText(recovery)},
      {"queued again", ReadableCount(recovery.recovered_count())},
      {"looked at up to", TimeText(recovery.progress_time(), recovery.has_progress_time())},
      {"begun", TimeText(recovery.create_time(), recovery.has_create_time())},
      {"ended", TimeText(recovery.end_time(), recovery.has_end_time())},
  });
}

// Shows the recovery once it is over.
absl::Status Wait(Session& session, const std::string& name) {
  GetRecoveryRequest request;
  request.set_name(name);
  while (true) {
    ASSIGN_OR_RETURN(const Recovery recovery,
                     Connect<RecoveryService>(session.settings).Call(&Stub::GetRecovery, request));
    if (recovery.state() != Recovery::RUNNING) {
      Show(session, recovery);
      return absl::OkStatus();
    }
    if (session.err_is_terminal) {
      session.err << "\r" << ReadableCount(recovery.recovered_count()) << " queued again"
                  << std::flush;
    }
    absl::SleepFor(kPollEvery);
  }
}

struct RecoverArguments {
  std::string webhooks;
  RecoverDeliveriesRequest request;
  bool wait = false;
};

absl::Status Recover(Session& session, const RecoverArguments& arguments) {
  RecoverDeliveriesRequest request = arguments.request;
  ASSIGN_OR_RETURN(*request.mutable_parent(),
                   WebhooksName(session.settings.community, arguments.webhooks));
  ASSIGN_OR_RETURN(
      const Recovery recovery,
      Connect<RecoveryService>(session.settings).Call(&Stub::RecoverDeliveries, request));
  if (arguments.wait) return Wait(session, recovery.name());
  Show(session, recovery);
  return absl::OkStatus();
}

absl::StatusOr<std::string> NameOf(const Session& session, const std::string& text) {
  return ChildName("recoveries", session.settings.community, text);
}

constexpr Kind<RecoveryService, Recovery> kRecovery = {"recovery", &NameOf, &Show};

void AddWait(CLI::App& parent, Session& session) {
  const auto name = std::make_shared<std::string>();
  CLI::App& command = *parent.add_subcommand("wait", "Wait until a recovery is over, and show it");
  AddName(command, kRecovery.thing, *name);
  OnRun(command, session, [&session, name]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::string full_name, NameOf(session, *name));
    return Wait(session, full_name);
  });
}

absl::Status ListAll(Session& session, int limit) {
  ListRecoveriesRequest request;
  ASSIGN_OR_RETURN(*request.mutable_parent(), CommunityName(session.settings.community));
  ASSIGN_OR_RETURN(const ListRecoveriesResponse response,
                   List(Connect<RecoveryService>(session.settings), &Stub::ListRecoveries, request,
                        limit, &ListRecoveriesResponse::recoveries_size));
  ShowList(session, response, response.recoveries(),
           {"ID", "WEBHOOK", "STATE", "QUEUED AGAIN", "BEGUN", "ENDED"},
           [](const Recovery& recovery) -> Row {
             return {LastPart(recovery.name()),
                     LastPart(recovery.webhook()),
                     StateText(recovery),
                     ReadableCount(recovery.recovered_count()),
                     TimeText(recovery.create_time(), recovery.has_create_time()),
                     TimeText(recovery.end_time(), recovery.has_end_time())};
           });
  return absl::OkStatus();
}

void AddList(CLI::App& parent, Session& session) {
  const auto limit = std::make_shared<int>(50);
  CLI::App& command = *parent.add_subcommand("list", "List the recoveries, newest first");
  AddLimit(command, *limit);
  OnRun(command, session, [&session, limit] { return ListAll(session, *limit); });
}

}  // namespace

void AddRecoverCommand(CLI::App& deliveries, Session& session) {
  const auto arguments = std::make_shared<RecoverArguments>();
  CLI::App& command = *deliveries.add_subcommand(
      "recover", "Send again everything that exhausted its attempts in a time");
  command
      .add_option("webhook", arguments->webhooks,
                  "The webhook: its number, its full name, or - for all of the community")
      ->required();
  AddTime(
      command, "--from",
      [arguments](absl::Time time) {
        *arguments->request.mutable_created_from() = api::ToProto(time);
      },
      "What was enqueued since then, like 24h or 2026-04-17T10:00:00Z")
      ->required();
  AddTime(
      command, "--before",
      [arguments](absl::Time time) {
        *arguments->request.mutable_created_before() = api::ToProto(time);
      },
      "What was enqueued before then (now when not given)");
  command.add_option_function<std::string>(
      "--request-id", [arguments](const std::string& id) { arguments->request.set_request_id(id); },
      "Makes the call repeatable: the same id begins one recovery");
  command.add_flag("--wait", arguments->wait, "Return when it is over");
  OnRun(command, session, [&session, arguments] { return Recover(session, *arguments); });
}

void AddRecoveriesCommand(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("recoveries", "How far `deliveries recover` is");
  command.require_subcommand(1);
  AddList(command, session);
  AddNamedCommand(command, session, kRecovery, "get", "Show a recovery", &Stub::GetRecovery);
  AddWait(command, session);
  AddNamedCommand(command, session, kRecovery, "cancel", "End a recovery where it is",
                  &Stub::CancelRecovery);
}

}  // namespace crier::crierctl
