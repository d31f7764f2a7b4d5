// Commands that take the name of one thing and ask its service about it.
#ifndef CRIER_TOOLS_CRIERCTL_COMMANDS_NAMED_COMMAND_H_
#define CRIER_TOOLS_CRIERCTL_COMMANDS_NAMED_COMMAND_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/empty.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/session.h"

namespace crier::crierctl {

// What the commands about things of one kind have in common.
template <typename Service, typename Message>
struct Kind {
  const char* thing;  // `webhook`
  // The full name, from what was typed.
  absl::StatusOr<std::string> (*name)(const Session& session, const std::string& text);
  void (*show)(Session& session, const Message& message);
  // What may be typed in place of a full name.
  const char* short_name = "its number";
};

// Declares `<word> <name>`: calls `method` for the thing, and shows what it is then. Further
// options of the command may set fields of `request`.
template <typename Service, typename Message, typename Request>
CLI::App& AddNamedCommand(CLI::App& parent, Session& session, const Kind<Service, Message>& kind,
                          const char* word, const char* help,
                          grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Message*),
                          std::shared_ptr<Request> request = std::make_shared<Request>()) {
  const auto name = std::make_shared<std::string>();
  CLI::App& command = *parent.add_subcommand(word, help);
  AddName(command, kind.thing, *name, kind.short_name);
  OnRun(command, session, [=, &session]() -> absl::Status {
    ASSIGN_OR_RETURN(*request->mutable_name(), kind.name(session, *name));
    ASSIGN_OR_RETURN(const Message message,
                     Connect<Service>(session.settings).Call(method, *request));
    kind.show(session, message);
    return absl::OkStatus();
  });
  return command;
}

// The same with `--etag`, for what takes the thing to another state.
template <typename Service, typename Message, typename Request>
CLI::App& AddStateChange(CLI::App& parent, Session& session, const Kind<Service, Message>& kind,
                         const char* word, const char* help,
                         grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Message*),
                         std::shared_ptr<Request> request = std::make_shared<Request>()) {
  CLI::App& command = AddNamedCommand(parent, session, kind, word, help, method, request);
  AddEtag(command, [request](const std::string& etag) { request->set_etag(etag); });
  return command;
}

// Declares `delete <name> [--etag …]`.
template <typename Service, typename Message, typename Request>
void AddDeleteCommand(CLI::App& parent, Session& session, const Kind<Service, Message>& kind,
                      const char* help,
                      grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                            google::protobuf::Empty*)) {
  const auto name = std::make_shared<std::string>();
  const auto request = std::make_shared<Request>();
  CLI::App& command = *parent.add_subcommand("delete", help);
  AddName(command, kind.thing, *name, kind.short_name);
  AddEtag(command, [request](const std::string& etag) { request->set_etag(etag); });
  OnRun(command, session, [=, &session]() -> absl::Status {
    ASSIGN_OR_RETURN(*request->mutable_name(), kind.name(session, *name));
    ASSIGN_OR_RETURN(const google::protobuf::Empty response,
                     Connect<Service>(session.settings).Call(method, *request));
    session.out << (session.settings.json() ? MessageJson(response)
                                            : absl::StrCat("deleted ", request->name(), "\n"));
    return absl::OkStatus();
  });
}

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_COMMANDS_NAMED_COMMAND_H_
