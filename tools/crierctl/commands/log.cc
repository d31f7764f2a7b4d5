// crierctl log: where the event log stands, and who follows it.
#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "crier/ingest/v1/event_service.grpc.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"

namespace crier::crierctl {
namespace {

using ::crier::ingest::v1::DeleteReaderRequest;
using ::crier::ingest::v1::EventService;
using ::crier::ingest::v1::ListLogHeadsRequest;
using ::crier::ingest::v1::ListLogHeadsResponse;
using ::crier::ingest::v1::ListReadersRequest;
using ::crier::ingest::v1::ListReadersResponse;
using ::crier::ingest::v1::LogReader;
using Stub = EventService::Stub;

absl::Status ShowHeads(Session& session) {
  ASSIGN_OR_RETURN(
      const ListLogHeadsResponse response,
      Connect<EventService>(session.settings).Call(&Stub::ListLogHeads, ListLogHeadsRequest()));
  if (session.settings.json()) {
    session.out << CountsJson(response);
    return absl::OkStatus();
  }
  Table table({"LOG PARTITION", "POSITION", "LAST EVENT"});
  for (const auto& head : response.heads()) {
    table.AddRow({absl::StrCat(head.log_partition()), absl::StrCat(head.position()),
                  TimeText(head.accept_time(), head.has_accept_time())});
  }
  session.out << table.Render();
  return absl::OkStatus();
}

// How many events a reader has not confirmed.
int64_t Unconfirmed(const LogReader& reader, const ListLogHeadsResponse& heads) {
  std::map<int32_t, int64_t> confirmed;
  for (const auto& position : reader.positions()) {
    confirmed[position.log_partition()] = position.position();
  }
  int64_t events = 0;
  for (const auto& head : heads.heads()) {
    events += std::max<int64_t>(0, head.position() - confirmed[head.log_partition()]);
  }
  return events;
}

absl::Status ShowReaders(Session& session) {
  const Client<EventService> client = Connect<EventService>(session.settings);
  ASSIGN_OR_RETURN(const ListReadersResponse response,
                   client.Call(&Stub::ListReaders, ListReadersRequest()));
  if (session.settings.json()) {
    session.out << CountsJson(response);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const ListLogHeadsResponse heads,
                   client.Call(&Stub::ListLogHeads, ListLogHeadsRequest()));
  Table table({"READER", "UNCONFIRMED EVENTS", "LAST CONFIRMED", "REGISTERED"});
  for (const LogReader& reader : response.readers()) {
    table.AddRow({LastPart(reader.name()), absl::StrCat(Unconfirmed(reader, heads)),
                  TimeText(reader.confirm_time(), reader.has_confirm_time()),
                  TimeText(reader.create_time(), reader.has_create_time())});
  }
  session.out << table.Render();
  return absl::OkStatus();
}

absl::Status ForgetReader(Session& session, const std::string& name) {
  DeleteReaderRequest request;
  request.set_name(absl::StartsWith(name, "readers/") ? name : absl::StrCat("readers/", name));
  ASSIGN_OR_RETURN(const google::protobuf::Empty response,
                   Connect<EventService>(session.settings).Call(&Stub::DeleteReader, request));
  session.out << (session.settings.json() ? MessageJson(response)
                                          : absl::StrCat("forgot ", request.name(), "\n"));
  return absl::OkStatus();
}

}  // namespace

void AddLogCommand(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("log", "The event log and who follows it");
  command.require_subcommand(1);
  OnRun(*command.add_subcommand("heads", "Show where each log partition ends"), session,
        [&session] { return ShowHeads(session); });
  OnRun(*command.add_subcommand("readers", "List those that the log is kept for"), session,
        [&session] { return ShowReaders(session); });
  const auto name = std::make_shared<std::string>();
  CLI::App& forget = *command.add_subcommand(
      "forget-reader", "Let the log drop what a reader that is gone for good has not confirmed");
  forget.add_option("reader", *name, "Its name, as `readers` shows it")->required();
  OnRun(forget, session, [&session, name] { return ForgetReader(session, *name); });
}

}  // namespace crier::crierctl
