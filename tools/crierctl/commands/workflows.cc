// crierctl workflows: what is sent where.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "crier/workflow/v1/workflow_service.grpc.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/commands/list_output.h"
#include "tools/crierctl/commands/named_command.h"
#include "tools/crierctl/commands/workflow_fields.h"
#include "tools/crierctl/commands/workflow_preview.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/failure.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

using ::crier::workflow::v1::CreateWorkflowRequest;
using ::crier::workflow::v1::EnableWorkflowRequest;
using ::crier::workflow::v1::GetWorkflowRequest;
using ::crier::workflow::v1::ListWorkflowsRequest;
using ::crier::workflow::v1::ListWorkflowsResponse;
using ::crier::workflow::v1::UpdateWorkflowRequest;
using ::crier::workflow::v1::Workflow;
using ::crier::workflow::v1::WorkflowService;
using Stub = WorkflowService::Stub;

// `NEW_MEMBER` as it is typed: `new-member`.
std::string TemplateText(Workflow::Template what) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(Workflow::Template_Name(what)), {{"_", "-"}});
}

std::string StateText(const Workflow& workflow) {
  const std::string state = absl::AsciiStrToLower(Workflow::State_Name(workflow.state()));
  return workflow.stop_reason() == Workflow::WEBHOOK_DELETED
             ? absl::StrCat(state, ", as its webhook was deleted")
             : state;
}

// `3 times, 3 deliveries, last 2023-04-17 10:21:26Z`.
std::string FiredText(const Workflow::Statistics& statistics) {
  if (statistics.matched_count() == 0) return "never";
  return absl::StrCat(Counted(statistics.matched_count(), "time", "times"), ", ",
                      Counted(statistics.enqueued_count(), "delivery", "deliveries"), ", last ",
                      TimeText(statistics.last_fire_time(), statistics.has_last_fire_time()));
}

// `09:05 Europe/Berlin`; empty where there is no run.
std::string ScheduleText(const Workflow& workflow) {
  if (workflow.template_() != Workflow::MEMBERS_THAT_MEET_CRITERIA) return "";
  return absl::StrFormat("%02d:%02d %s", workflow.schedule().hours(), workflow.schedule().minutes(),
                         workflow.schedule().time_zone());
}

// `100 (100 today, 12 held, 0 suppressed)`; empty without a cap.
std::string CapText(const Workflow& workflow) {
  if (workflow.max_deliveries_per_day() == 0) return "";
  return absl::StrCat(workflow.max_deliveries_per_day(), " (",
                      workflow.cap_status().released_today(), " today, ",
                      workflow.cap_status().held_count(), " held, ",
                      workflow.cap_status().suppressed_today(), " suppressed)");
}

void Show(Session& session, const Workflow& workflow) {
  if (session.settings.json()) {
    session.out << MessageJson(workflow);
    return;
  }
  session.out << RenderFields({
      {"workflow", workflow.name()},
      {"name", workflow.display_name()},
      {"template", TemplateText(workflow.template_())},
      {"webhook", workflow.webhook()},
      {"filter", workflow.filter()},
      {"state", workflow.name().empty() ? "" : StateText(workflow)},
      {"fired", workflow.has_statistics() ? FiredText(workflow.statistics()) : ""},
      {"runs daily at", ScheduleText(workflow)},
      {"next run", TimeText(workflow.next_run_time(), workflow.has_next_run_time())},
      {"most a day", CapText(workflow)},
      {"held until", TimeText(workflow.cap_status().hold_until_time(),
                              workflow.cap_status().has_hold_until_time())},
      {"put off until", TimeText(workflow.paced_until_time(), workflow.has_paced_until_time())},
      {"created", TimeText(workflow.create_time(), workflow.has_create_time())},
      {"updated", TimeText(workflow.update_time(), workflow.has_update_time())},
      {"etag", workflow.etag()},
  });
}

absl::StatusOr<std::string> NameOf(const Session& session, const std::string& text) {
  return ChildName("workflows", session.settings.community, text);
}

constexpr Kind<WorkflowService, Workflow> kWorkflow = {"workflow", &NameOf, &Show};

// The time would be stored, and mean nothing.
absl::Status CheckHasDailyRun(Workflow::Template what) {
  if (what == Workflow::MEMBERS_THAT_MEET_CRITERIA) return absl::OkStatus();
  return UsageError("--daily-at: only members-that-meet-criteria runs daily; leave it out");
}

struct CreateArguments {
  WorkflowFields fields;
  CreateWorkflowRequest request;
  bool enable = false;
};

absl::Status Create(Session& session, const CreateArguments& arguments) {
  const WorkflowFields& fields = arguments.fields;
  if (fields.daily_at_given) RETURN_IF_ERROR(CheckHasDailyRun(fields.workflow.template_()));
  const std::string& community = session.settings.community;
  CreateWorkflowRequest request = arguments.request;
  *request.mutable_workflow() = fields.workflow;
  ASSIGN_OR_RETURN(*request.mutable_parent(), CommunityName(community));
  ASSIGN_OR_RETURN(*request.mutable_workflow()->mutable_webhook(),
                   ChildName("webhooks", community, fields.webhook));
  const Client<WorkflowService> client = Connect<WorkflowService>(session.settings);
  ASSIGN_OR_RETURN(Workflow workflow, client.Call(&Stub::CreateWorkflow, request));
  if (arguments.enable && !request.validate_only()) {
    EnableWorkflowRequest enable;
    enable.set_name(workflow.name());
    absl::StatusOr<Workflow> enabled = client.Call(&Stub::EnableWorkflow, enable);
    if (!enabled.ok()) {
      return absl::Status(enabled.status().code(),
                          absl::StrCat(workflow.name(), " was created, but not enabled: ",
                                       enabled.status().message()));
    }
    workflow = *std::move(enabled);
  }
  Show(session, workflow);
  if (workflow.state() == Workflow::DISABLED && !session.settings.json() &&
      !request.validate_only()) {
    session.out << "\nIt sends nothing until it is enabled: crierctl workflows enable "
                << LastPart(workflow.name()) << "\n";
  }
  return absl::OkStatus();
}

void AddCreate(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<CreateArguments>();
  CLI::App& command = *parent.add_subcommand("create", "Create a workflow, disabled");
  AddWorkflowFields(command, arguments->fields);
  command.get_option("--display-name")->required();
  command.get_option("--webhook")->required();
  AddChoice<Workflow::Template>(
      command, "--template", TemplateChoices(),
      [arguments](Workflow::Template what) { arguments->fields.workflow.set_template_(what); },
      "What fires it")
      ->required();
  command.add_flag("--enable", arguments->enable, "Enable it at once");
  command.add_option_function<std::string>(
      "--request-id", [arguments](const std::string& id) { arguments->request.set_request_id(id); },
      "Makes the call repeatable: the same id creates the workflow once");
  command.add_flag_callback(
      "--validate-only", [arguments] { arguments->request.set_validate_only(true); },
      "Check only; create nothing");
  OnRun(command, session, [&session, arguments] { return Create(session, *arguments); });
}

absl::Status ListAll(Session& session, int limit) {
  ListWorkflowsRequest request;
  ASSIGN_OR_RETURN(*request.mutable_parent(), CommunityName(session.settings.community));
  ASSIGN_OR_RETURN(const ListWorkflowsResponse response,
                   List(Connect<WorkflowService>(session.settings), &Stub::ListWorkflows, request,
                        limit, &ListWorkflowsResponse::workflows_size));
  ShowList(session, response, response.workflows(),
           {"ID", "NAME", "TEMPLATE", "WEBHOOK", "STATE", "CREATED"},
           [](const Workflow& workflow) -> Row {
             return {LastPart(workflow.name()),
                     workflow.display_name(),
                     TemplateText(workflow.template_()),
                     LastPart(workflow.webhook()),
                     StateText(workflow),
                     TimeText(workflow.create_time(), workflow.has_create_time())};
           });
  return absl::OkStatus();
}

void AddList(CLI::App& parent, Session& session) {
  const auto limit = std::make_shared<int>(0);
  CLI::App& command = *parent.add_subcommand("list", "List the workflows of a community");
  AddLimit(command, *limit);
  OnRun(command, session, [&session, limit] { return ListAll(session, *limit); });
}

void AddConfirmation(CLI::App& command, const std::function<void(const std::string&)>& set) {
  command.add_option_function<std::string>(
      "--confirmation-token", set,
      "Of a preview; needed when very many deliveries would be released");
}

struct UpdateArguments {
  std::string name;
  WorkflowFields fields;
  UpdateWorkflowRequest request;
};

// A schedule is updated as a whole: what was not given stays as it is.
absl::Status CompleteSchedule(Session& session, bool daily_at_given,
                              UpdateWorkflowRequest& request) {
  GetWorkflowRequest get;
  get.set_name(request.workflow().name());
  ASSIGN_OR_RETURN(const Workflow current,
                   Connect<WorkflowService>(session.settings).Call(&Stub::GetWorkflow, get));
  Workflow::Schedule schedule = current.schedule();
  const Workflow::Schedule& given = request.workflow().schedule();
  if (!given.time_zone().empty()) schedule.set_time_zone(given.time_zone());
  if (daily_at_given) {
    RETURN_IF_ERROR(CheckHasDailyRun(current.template_()));
    schedule.set_hours(given.hours());
    schedule.set_minutes(given.minutes());
  }
  *request.mutable_workflow()->mutable_schedule() = schedule;
  return absl::OkStatus();
}

absl::Status Update(Session& session, const UpdateArguments& arguments) {
  const WorkflowFields& fields = arguments.fields;
  UpdateWorkflowRequest request = arguments.request;
  *request.mutable_workflow() = fields.workflow;
  *request.mutable_update_mask() = fields.mask;
  ASSIGN_OR_RETURN(*request.mutable_workflow()->mutable_name(), NameOf(session, arguments.name));
  if (!fields.webhook.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_workflow()->mutable_webhook(),
                     ChildName("webhooks", CommunityOf(request.workflow().name()), fields.webhook));
    request.mutable_update_mask()->add_paths("webhook");
  }
  if (request.workflow().has_schedule()) {
    RETURN_IF_ERROR(CompleteSchedule(session, fields.daily_at_given, request));
  }
  if (request.update_mask().paths().empty()) {
    return UsageError(
        "nothing to change: give --daily-at, --time-zone, --max-per-day, --display-name, --webhook "
        "or --filter");
  }
  ASSIGN_OR_RETURN(const Workflow workflow,
                   Connect<WorkflowService>(session.settings).Call(&Stub::UpdateWorkflow, request));
  Show(session, workflow);
  return absl::OkStatus();
}

void AddUpdate(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<UpdateArguments>();
  CLI::App& command = *parent.add_subcommand("update", "Change what is given, keep the rest");
  AddName(command, kWorkflow.thing, arguments->name);
  AddWorkflowFields(command, arguments->fields);
  AddConfirmation(command, [arguments](const std::string& token) {
    arguments->request.set_confirmation_token(token);
  });
  AddEtag(command,
          [arguments](const std::string& etag) { arguments->fields.workflow.set_etag(etag); });
  OnRun(command, session, [&session, arguments] { return Update(session, *arguments); });
}

void AddStateChanges(CLI::App& parent, Session& session) {
  const auto enable = std::make_shared<EnableWorkflowRequest>();
  AddConfirmation(AddStateChange(parent, session, kWorkflow, "enable",
                                 "Let a workflow fire for what comes from now on",
                                 &Stub::EnableWorkflow, enable),
                  [enable](const std::string& token) { enable->set_confirmation_token(token); });
  AddStateChange(parent, session, kWorkflow, "disable",
                 "Let a workflow fire no more for what comes from now on", &Stub::DisableWorkflow);
}

}  // namespace

void AddWorkflowsCommand(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("workflows", "What is sent where");
  command.require_subcommand(1);
  AddCreate(command, session);
  AddList(command, session);
  AddNamedCommand(command, session, kWorkflow, "get", "Show a workflow", &Stub::GetWorkflow);
  AddUpdate(command, session);
  AddWorkflowPreview(command, session);
  AddStateChanges(command, session);
  AddDeleteCommand(command, session, kWorkflow, "Delete a workflow", &Stub::DeleteWorkflow);
}

}  // namespace crier::crierctl
