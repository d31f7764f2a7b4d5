// crierctl deliveries: what became of what was sent.
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "crier/delivery/v1/delivery_service.grpc.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/commands/list_output.h"
#include "tools/crierctl/commands/named_command.h"
#include "tools/crierctl/commands/recoveries.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

using ::crier::delivery::v1::Attempt;
using ::crier::delivery::v1::Delivery;
using ::crier::delivery::v1::DeliveryService;
using ::crier::delivery::v1::Exchange;
using ::crier::delivery::v1::ListDeliveriesRequest;
using ::crier::delivery::v1::ListDeliveriesResponse;
using ::crier::delivery::v1::PayloadType_Name;
using Stub = DeliveryService::Stub;

std::string StateText(const Delivery& delivery) {
  return absl::AsciiStrToLower(Delivery::State_Name(delivery.state()));
}

std::string PayloadText(const Delivery& delivery) {
  return absl::AsciiStrToLower(PayloadType_Name(delivery.payload_type()));
}

std::string LastOutcomeText(const Delivery& delivery) {
  if (delivery.attempts().empty()) return "";
  return OutcomeText(delivery.attempts(delivery.attempts_size() - 1).exchange());
}

struct ListArguments {
  std::string webhooks = "-";
  std::string workflow;
  ListDeliveriesRequest request;
  int limit = 50;
};

absl::Status ListAll(Session& session, const ListArguments& arguments) {
  const int limit = arguments.limit;
  ListDeliveriesRequest request = arguments.request;
  ASSIGN_OR_RETURN(*request.mutable_parent(),
                   WebhooksName(session.settings.community, arguments.webhooks));
  if (!arguments.workflow.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_workflow(),
                     ChildName("workflows", session.settings.community, arguments.workflow));
  }
  ASSIGN_OR_RETURN(const ListDeliveriesResponse response,
                   List(Connect<DeliveryService>(session.settings), &Stub::ListDeliveries, request,
                        limit, &ListDeliveriesResponse::deliveries_size));
  ShowList(session, response, response.deliveries(),
           {"DELIVERY", "PAYLOAD", "WORKFLOW", "STATE", "ATTEMPTS", "LAST ATTEMPT", "NEXT ATTEMPT",
            "CREATED"},
           [](const Delivery& delivery) -> Row {
             return {
                 ShortName(delivery.name()),
                 PayloadText(delivery),
                 LastPart(delivery.workflow()),
                 StateText(delivery),
                 absl::StrCat(delivery.attempts_size()),
                 LastOutcomeText(delivery),
                 NextAttemptText(delivery.next_attempt_time(), delivery.has_next_attempt_time()),
                 TimeText(delivery.create_time(), delivery.has_create_time())};
           });
  return absl::OkStatus();
}

void AddList(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<ListArguments>();
  CLI::App& command =
      *parent.add_subcommand("list", "List deliveries of a webhook or of all, newest first");
  command.add_option("webhook", arguments->webhooks,
                     "The webhook: its number, or its full name (all of the community when not "
                     "given)");
  command.add_option("--workflow", arguments->workflow, "Only those of this workflow");
  AddChoice<Delivery::State>(
      command, "--state",
      {{"pending", Delivery::PENDING},
       {"succeeded", Delivery::SUCCEEDED},
       {"exhausted", Delivery::EXHAUSTED},
       {"cancelled", Delivery::CANCELLED}},
      [arguments](Delivery::State state) { arguments->request.set_state(state); },
      "Only those that stand there");
  AddChoice<ListDeliveriesRequest::StatusClass>(
      command, "--status",
      {{"none", ListDeliveriesRequest::NO_RESPONSE},
       {"2xx", ListDeliveriesRequest::SUCCESS},
       {"3xx", ListDeliveriesRequest::REDIRECT},
       {"4xx", ListDeliveriesRequest::CLIENT_ERROR},
       {"5xx", ListDeliveriesRequest::SERVER_ERROR}},
      [arguments](ListDeliveriesRequest::StatusClass status) {
        arguments->request.set_status_class(status);
      },
      "Only those whose last attempt got such a response");
  AddTime(
      command, "--from",
      [arguments](absl::Time time) {
        *arguments->request.mutable_created_from() = api::ToProto(time);
      },
      "Only those enqueued since then, like 24h or 2026-04-17T10:00:00Z");
  AddTime(
      command, "--before",
      [arguments](absl::Time time) {
        *arguments->request.mutable_created_before() = api::ToProto(time);
      },
      "Only those enqueued before then");
  AddLimit(command, arguments->limit);
  OnRun(command, session, [&session, arguments] { return ListAll(session, *arguments); });
}

std::string AttemptsText(const Delivery& delivery) {
  if (delivery.attempts().empty()) return "no attempts yet\n";
  Table table({"#", "BEGAN", "TOOK", "OUTCOME", "ERROR"});
  for (const Attempt& attempt : delivery.attempts()) {
    const Exchange& exchange = attempt.exchange();
    table.AddRow({absl::StrCat(attempt.number()),
                  TimeText(exchange.start_time(), exchange.has_start_time()),
                  ReadableDuration(api::FromProto(exchange.duration())), OutcomeText(exchange),
                  exchange.error()});
  }
  return table.Render();
}

void Show(Session& session, const Delivery& delivery) {
  if (session.settings.json()) {
    session.out << MessageJson(delivery);
    return;
  }
  session.out << RenderFields({
                     {"delivery", delivery.name()},
                     {"workflow", delivery.workflow()},
                     {"payload", PayloadText(delivery)},
                     {"state", StateText(delivery)},
                     {"next attempt", NextAttemptText(delivery.next_attempt_time(),
                                                      delivery.has_next_attempt_time())},
                     {"event accepted",
                      TimeText(delivery.event_accept_time(), delivery.has_event_accept_time())},
                     {"created", TimeText(delivery.create_time(), delivery.has_create_time())},
                     {"erased", delivery.erased() ? "yes" : ""},
                 })
              << "\n"
              << AttemptsText(delivery);
  if (delivery.attempts().empty()) {
    if (!delivery.payload().empty()) session.out << "\n" << BodyText(delivery.payload()) << "\n";
    return;
  }
  // The last exchange is the one that explains the state.
  Exchange last = delivery.attempts(delivery.attempts_size() - 1).exchange();
  last.set_request_body(delivery.payload());
  session.out << "\n" << ExchangeText(last);
}

void ShowState(Session& session, const Delivery& delivery) {
  session.out << (session.settings.json() ? MessageJson(delivery)
                                          : absl::StrCat(ShortName(delivery.name()), " is ",
                                                         StateText(delivery), "\n"));
}

absl::StatusOr<std::string> NameOf(const Session& session, const std::string& text) {
  return DeliveryName(session.settings.community, text);
}

constexpr Kind<DeliveryService, Delivery> kDelivery = {"delivery", &NameOf, &Show,
                                                       "`<webhook>/msg_…` as `list` shows it"};

// The same where it is only told where the delivery stands then.
constexpr Kind<DeliveryService, Delivery> kRepairedDelivery = {kDelivery.thing, kDelivery.name,
                                                               &ShowState, kDelivery.short_name};

}  // namespace

void AddDeliveriesCommand(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("deliveries", "What became of what was sent");
  command.require_subcommand(1);
  AddList(command, session);
  AddNamedCommand(command, session, kDelivery, "get",
                  "Show a delivery with its attempts and its payload", &Stub::GetDelivery);
  AddNamedCommand(command, session, kRepairedDelivery, "redeliver",
                  "Send a delivery again, whatever became of it", &Stub::RedeliverDelivery);
  AddNamedCommand(command, session, kRepairedDelivery, "cancel", "Give a pending delivery up",
                  &Stub::CancelDelivery);
  AddRecoverCommand(command, session);
}

}  // namespace crier::crierctl
