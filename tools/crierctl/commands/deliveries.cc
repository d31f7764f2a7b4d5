// crierctl deliveries: what became of what was sent.
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/commands/recoveries.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

using ::crier::delivery::v1::Attempt;
using ::crier::delivery::v1::CancelDeliveryRequest;
using ::crier::delivery::v1::Delivery;
using ::crier::delivery::v1::Exchange;
using ::crier::delivery::v1::GetDeliveryRequest;
using ::crier::delivery::v1::ListDeliveriesRequest;
using ::crier::delivery::v1::ListDeliveriesResponse;
using ::crier::delivery::v1::PayloadType_Name;
using ::crier::delivery::v1::RedeliverDeliveryRequest;
using Stub = DeliveryClient::Stub;

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
                   List(ConnectDeliveries(session.settings), &Stub::ListDeliveries, request, limit,
                        &ListDeliveriesResponse::deliveries_size));
  if (session.settings.json()) {
    session.out << MessageJson(response);
    return absl::OkStatus();
  }
  Table table({"DELIVERY", "PAYLOAD", "WORKFLOW", "STATE", "ATTEMPTS", "LAST ATTEMPT",
               "NEXT ATTEMPT", "CREATED"});
  for (const Delivery& delivery : response.deliveries()) {
    table.AddRow({ShortName(delivery.name()), PayloadText(delivery), LastPart(delivery.workflow()),
                  StateText(delivery), absl::StrCat(delivery.attempts_size()),
                  LastOutcomeText(delivery),
                  NextAttemptText(delivery.next_attempt_time(), delivery.has_next_attempt_time()),
                  TimeText(delivery.create_time(), delivery.has_create_time())});
  }
  session.out << table.Render();
  if (!response.next_page_token().empty()) {
    session.err << "There are more; --limit shows more of them.\n";
  }
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

absl::Status Get(Session& session, const std::string& text) {
  GetDeliveryRequest request;
  ASSIGN_OR_RETURN(*request.mutable_name(), DeliveryName(session.settings.community, text));
  ASSIGN_OR_RETURN(const Delivery delivery,
                   ConnectDeliveries(session.settings).Call(&Stub::GetDelivery, request));
  if (session.settings.json()) {
    session.out << MessageJson(delivery);
    return absl::OkStatus();
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
    return absl::OkStatus();
  }
  // The last exchange is the one that explains the state.
  Exchange last = delivery.attempts(delivery.attempts_size() - 1).exchange();
  last.set_request_body(delivery.payload());
  session.out << "\n" << ExchangeText(last);
  return absl::OkStatus();
}

void AddGet(CLI::App& parent, Session& session) {
  const auto name = std::make_shared<std::string>();
  CLI::App& command =
      *parent.add_subcommand("get", "Show a delivery with its attempts and its payload");
  command
      .add_option("delivery", *name,
                  "The delivery: `<webhook>/msg_…` as `list` shows it, or its full name")
      ->required();
  OnRun(command, session, [&session, name] { return Get(session, *name); });
}

// A command that takes a delivery, does something with it, and tells where it stands then.
template <typename Request>
void AddRepair(CLI::App& parent, Session& session, const char* name, const char* help,
               DeliveryClient::Method<Request, Delivery> method) {
  const auto delivery = std::make_shared<std::string>();
  CLI::App& command = *parent.add_subcommand(name, help);
  command
      .add_option("delivery", *delivery,
                  "The delivery: `<webhook>/msg_…` as `list` shows it, or its full name")
      ->required();
  OnRun(command, session, [&session, delivery, method]() -> absl::Status {
    Request request;
    ASSIGN_OR_RETURN(*request.mutable_name(), DeliveryName(session.settings.community, *delivery));
    ASSIGN_OR_RETURN(const Delivery response,
                     ConnectDeliveries(session.settings).Call(method, request));
    session.out << (session.settings.json() ? MessageJson(response)
                                            : absl::StrCat(ShortName(response.name()), " is ",
                                                           StateText(response), "\n"));
    return absl::OkStatus();
  });
}

}  // namespace

void AddDeliveriesCommand(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("deliveries", "What became of what was sent");
  command.require_subcommand(1);
  AddList(command, session);
  AddGet(command, session);
  AddRepair<RedeliverDeliveryRequest>(command, session, "redeliver",
                                      "Send a delivery again, whatever became of it",
                                      &Stub::RedeliverDelivery);
  AddRepair<CancelDeliveryRequest>(command, session, "cancel", "Give a pending delivery up",
                                   &Stub::CancelDelivery);
  AddRecoverCommand(command, session);
}

}  // namespace crier::crierctl
