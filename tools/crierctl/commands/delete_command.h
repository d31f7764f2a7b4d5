// The command that deletes something, which is the same whatever it is.
#ifndef CRIER_TOOLS_CRIERCTL_COMMANDS_DELETE_COMMAND_H_
#define CRIER_TOOLS_CRIERCTL_COMMANDS_DELETE_COMMAND_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/empty.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"

namespace crier::crierctl {

// Declares `delete <thing> [--etag …]` for a resource of the collection. `connect` makes the client
// whose `method` deletes it.
template <typename Request, typename Service>
void AddDeleteCommand(
    CLI::App& parent, Session& session, const std::string& collection, const std::string& thing,
    const std::string& help, Client<Service> (*connect)(const Settings&),
    typename Client<Service>::template Method<Request, google::protobuf::Empty> method) {
  const auto arguments = std::make_shared<std::pair<std::string, Request>>();
  CLI::App& command = *parent.add_subcommand("delete", help);
  AddName(command, thing, arguments->first);
  AddEtag(command, [arguments](const std::string& etag) { arguments->second.set_etag(etag); });
  OnRun(command, session, [=, &session]() -> absl::Status {
    Request request = arguments->second;
    ASSIGN_OR_RETURN(*request.mutable_name(),
                     ChildName(collection, session.settings.community, arguments->first));
    ASSIGN_OR_RETURN(const google::protobuf::Empty response,
                     connect(session.settings).Call(method, request));
    session.out << (session.settings.json() ? MessageJson(response)
                                            : absl::StrCat("deleted ", request.name(), "\n"));
    return absl::OkStatus();
  });
}

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_COMMANDS_DELETE_COMMAND_H_
