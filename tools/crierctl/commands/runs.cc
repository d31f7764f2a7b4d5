// crierctl runs: passes over the members of a community.
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "crier/workflow/v1/run_service.grpc.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/commands/list_output.h"
#include "tools/crierctl/commands/named_command.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"

namespace crier::crierctl {
namespace {

using ::crier::workflow::v1::ListRunsRequest;
using ::crier::workflow::v1::ListRunsResponse;
using ::crier::workflow::v1::Run;
using ::crier::workflow::v1::RunService;
using ::crier::workflow::v1::RunWorkflowRequest;
using Stub = RunService::Stub;

std::string StateText(const Run& run) {
  std::string state = absl::AsciiStrToLower(Run::State_Name(run.state()));
  if (run.hold() != Run::HOLD_UNSPECIFIED) {
    const std::string hold = absl::AsciiStrToLower(Run::Hold_Name(run.hold()));
    absl::StrAppend(&state, " (held: ", absl::StrReplaceAll(hold, {{"_", " "}}), ")");
  }
  return state;
}

// `1200 of 5000`, or what is known of it.
std::string MatchedText(const Run& run) {
  return run.has_expected_count() ? absl::StrCat(run.matched_count(), " of ", run.expected_count())
                                  : absl::StrCat(run.matched_count());
}

void Show(Session& session, const Run& run) {
  if (session.settings.json()) {
    session.out << MessageJson(run);
    return;
  }
  session.out << RenderFields({
      {"run", run.name()},
      {"state", StateText(run)},
      {"held until", TimeText(run.hold_until_time(), run.has_hold_until_time())},
      {"error", run.error()},
      {"begun by", absl::AsciiStrToLower(Run::Trigger_Name(run.trigger()))},
      {"goes through", !run.has_start_time() ? ""
                       : run.full_scan()     ? "all members"
                                             : "changes"},
      {"matched", MatchedText(run)},
      {"sent", absl::StrCat(run.sent_count())},
      {"sent before", absl::StrCat(run.skipped_count())},
      {"created", TimeText(run.create_time(), run.has_create_time())},
      {"started", TimeText(run.start_time(), run.has_start_time())},
      {"ended", TimeText(run.end_time(), run.has_end_time())},
  });
}

absl::StatusOr<std::string> WorkflowOf(const Session& session, const std::string& text) {
  return ChildName("workflows", session.settings.community, text);
}

void AddStart(CLI::App& parent, Session& session) {
  struct Arguments {
    std::string workflow;
    bool full = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = *parent.add_subcommand("start", "Begin a run of a workflow now");
  AddName(command, "workflow", arguments->workflow);
  command.add_flag("--full", arguments->full,
                   "Go through all members, not only those that changed since the last run");
  OnRun(command, session, [&session, arguments]() -> absl::Status {
    RunWorkflowRequest request;
    ASSIGN_OR_RETURN(*request.mutable_name(), WorkflowOf(session, arguments->workflow));
    request.set_full_scan(arguments->full);
    ASSIGN_OR_RETURN(const Run run,
                     Connect<RunService>(session.settings).Call(&Stub::RunWorkflow, request));
    Show(session, run);
    return absl::OkStatus();
  });
}

absl::Status ListAll(Session& session, const std::string& workflow, int limit) {
  ListRunsRequest request;
  ASSIGN_OR_RETURN(*request.mutable_parent(), WorkflowOf(session, workflow));
  ASSIGN_OR_RETURN(const ListRunsResponse response,
                   List(Connect<RunService>(session.settings), &Stub::ListRuns, request, limit,
                        &ListRunsResponse::runs_size));
  ShowList(session, response, response.runs(),
           {"RUN", "STATE", "BEGUN BY", "MATCHED", "SENT", "CREATED", "ENDED"},
           [](const Run& run) -> Row {
             return {ShortName(run.name()),
                     StateText(run),
                     absl::AsciiStrToLower(Run::Trigger_Name(run.trigger())),
                     MatchedText(run),
                     absl::StrCat(run.sent_count()),
                     TimeText(run.create_time(), run.has_create_time()),
                     TimeText(run.end_time(), run.has_end_time())};
           });
  return absl::OkStatus();
}

void AddList(CLI::App& parent, Session& session) {
  struct Arguments {
    std::string workflow;
    int limit = 0;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = *parent.add_subcommand("list", "List the runs of a workflow, newest first");
  AddName(command, "workflow", arguments->workflow);
  AddLimit(command, arguments->limit);
  OnRun(command, session,
        [&session, arguments] { return ListAll(session, arguments->workflow, arguments->limit); });
}

absl::StatusOr<std::string> NameOf(const Session& session, const std::string& text) {
  return RunName(session.settings.community, text);
}

constexpr Kind<RunService, Run> kRun = {"run", &NameOf, &Show,
                                        "`<workflow>/<run>` as `list` shows it"};

}  // namespace

void AddRunsCommand(CLI::App& app, Session& session) {
  CLI::App& command =
      *app.add_subcommand("runs", "Runs of workflows that send members who meet criteria");
  command.require_subcommand(1);
  AddStart(command, session);
  AddList(command, session);
  AddNamedCommand(command, session, kRun, "get", "Show a run", &Stub::GetRun);
  AddNamedCommand(command, session, kRun, "cancel", "End a run; the next takes up the rest",
                  &Stub::CancelRun);
}

}  // namespace crier::crierctl
