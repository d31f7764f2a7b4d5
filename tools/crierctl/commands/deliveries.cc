// crierctl deliveries: what became of what was sent.
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

using ::crier::delivery::v1::Attempt;
using ::crier::delivery::v1::Delivery;
using ::crier::delivery::v1::Exchange;
using ::crier::delivery::v1::GetDeliveryRequest;
using ::crier::delivery::v1::ListDeliveriesRequest;
using ::crier::delivery::v1::ListDeliveriesResponse;
using ::crier::delivery::v1::PayloadType_Name;
using Stub = DeliveryClient::Stub;

std::string StateText(const Delivery& delivery) {
  return absl::AsciiStrToLower(Delivery::State_Name(delivery.state()));
}

std::string PayloadText(const Delivery& delivery) {
  return absl::AsciiStrToLower(PayloadType_Name(delivery.payload_type()));
}

std::string NextAttemptText(const Delivery& delivery) {
  return TimeText(delivery.next_attempt_time(), delivery.has_next_attempt_time());
}

std::string LastOutcomeText(const Delivery& delivery) {
  if (delivery.attempts().empty()) return "";
  return OutcomeText(delivery.attempts(delivery.attempts_size() - 1).exchange());
}

absl::Status ListAll(Session& session, const std::string& webhook, int limit) {
  ListDeliveriesRequest request;
  ASSIGN_OR_RETURN(*request.mutable_parent(),
                   ChildName("webhooks", session.settings.community, webhook));
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
    table.AddRow(
        {ShortDeliveryName(delivery.name()), PayloadText(delivery), LastPart(delivery.workflow()),
         StateText(delivery), absl::StrCat(delivery.attempts_size()), LastOutcomeText(delivery),
         NextAttemptText(delivery), TimeText(delivery.create_time(), delivery.has_create_time())});
  }
  session.out << table.Render();
  if (!response.next_page_token().empty()) {
    session.err << "There are more; --limit shows more of them.\n";
  }
  return absl::OkStatus();
}

void AddList(CLI::App& parent, Session& session) {
  struct Arguments {
    std::string webhook;
    int limit = 50;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command =
      *parent.add_subcommand("list", "List the deliveries of a webhook, newest first");
  command.add_option("webhook", arguments->webhook, "The webhook: its number, or its full name")
      ->required();
  command.add_option("--limit", arguments->limit, "How many at most")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  OnRun(command, session,
        [&session, arguments] { return ListAll(session, arguments->webhook, arguments->limit); });
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
                     {"next attempt", NextAttemptText(delivery)},
                     {"event accepted",
                      TimeText(delivery.event_accept_time(), delivery.has_event_accept_time())},
                     {"created", TimeText(delivery.create_time(), delivery.has_create_time())},
                 })
              << "\n"
              << AttemptsText(delivery);
  // The last exchange is the one that explains the state.
  if (!delivery.attempts().empty()) {
    session.out << "\n" << ExchangeText(delivery.attempts(delivery.attempts_size() - 1).exchange());
  }
  return absl::OkStatus();
}

void AddGet(CLI::App& parent, Session& session) {
  const auto name = std::make_shared<std::string>();
  CLI::App& command = *parent.add_subcommand("get", "Show a delivery with its attempts");
  command
      .add_option("delivery", *name,
                  "The delivery: `<webhook>/msg_…` as `list` shows it, or its full name")
      ->required();
  OnRun(command, session, [&session, name] { return Get(session, *name); });
}

}  // namespace

void AddDeliveriesCommand(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("deliveries", "What became of what was sent");
  command.require_subcommand(1);
  AddList(command, session);
  AddGet(command, session);
}

}  // namespace crier::crierctl
