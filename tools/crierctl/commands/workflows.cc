// crierctl workflows: what is sent where.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/commands/delete_command.h"
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
using ::crier::workflow::v1::DeleteWorkflowRequest;
using ::crier::workflow::v1::DisableWorkflowRequest;
using ::crier::workflow::v1::EnableWorkflowRequest;
using ::crier::workflow::v1::GetWorkflowRequest;
using ::crier::workflow::v1::ListWorkflowsRequest;
using ::crier::workflow::v1::ListWorkflowsResponse;
using ::crier::workflow::v1::UpdateWorkflowRequest;
using ::crier::workflow::v1::Workflow;
using Stub = WorkflowClient::Stub;

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

// The options that create and update share; `set` is told which field was given, `daily-at` for the
// time in the schedule.
void AddRelease(CLI::App& command, Workflow& workflow,
                const std::function<void(const std::string&)>& set) {
  command.add_option_function<std::string>(
      "--daily-at",
      [&workflow, set](const std::string& text) {
        const std::vector<std::string> parts = absl::StrSplit(text, ':');
        int hours = 0;
        int minutes = 0;
        if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &hours) ||
            !absl::SimpleAtoi(parts[1], &minutes)) {
          throw CLI::ValidationError("--daily-at", "must be a time of day, for example 09:00");
        }
        workflow.mutable_schedule()->set_hours(hours);
        workflow.mutable_schedule()->set_minutes(minutes);
        set("daily-at");
      },
      "When the daily run begins, HH:MM (members-that-meet-criteria only)");
  command.add_option_function<std::string>(
      "--time-zone",
      [&workflow, set](const std::string& zone) {
        workflow.mutable_schedule()->set_time_zone(zone);
        set("schedule");
      },
      "Time zone of the daily run and of the day of the cap, for example Europe/Berlin");
  command.add_option_function<int64_t>(
      "--max-per-day",
      [&workflow, set](int64_t count) {
        workflow.set_max_deliveries_per_day(count);
        set("max_deliveries_per_day");
      },
      "Deliveries that it may release in a day; 0 for any number");
}

// The time would be stored, and mean nothing.
absl::Status CheckHasDailyRun(Workflow::Template what) {
  if (what == Workflow::MEMBERS_THAT_MEET_CRITERIA) return absl::OkStatus();
  return UsageError("--daily-at: only members-that-meet-criteria runs daily; leave it out");
}

struct CreateArguments {
  CreateWorkflowRequest request;
  bool time_given = false;  // of the daily run
  std::string webhook;
  bool enable = false;
};

absl::Status Create(Session& session, const CreateArguments& arguments) {
  CreateWorkflowRequest request = arguments.request;
  if (arguments.time_given) RETURN_IF_ERROR(CheckHasDailyRun(request.workflow().template_()));
  const std::string& community = session.settings.community;
  ASSIGN_OR_RETURN(*request.mutable_parent(), CommunityName(community));
  ASSIGN_OR_RETURN(*request.mutable_workflow()->mutable_webhook(),
                   ChildName("webhooks", community, arguments.webhook));
  const WorkflowClient client = ConnectWorkflows(session.settings);
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
  Workflow& workflow = *arguments->request.mutable_workflow();
  command
      .add_option_function<std::string>(
          "--display-name",
          [&workflow](const std::string& name) { workflow.set_display_name(name); },
          "Name for people; appears in enveloped payloads")
      ->required();
  AddChoice<Workflow::Template>(
      command, "--template", TemplateChoices(),
      [&workflow](Workflow::Template what) { workflow.set_template_(what); }, "What fires it")
      ->required();
  command
      .add_option("--webhook", arguments->webhook, "Where to send: the webhook's number or name")
      ->required();
  command.add_option_function<std::string>(
      "--filter", [&workflow](const std::string& filter) { workflow.set_filter(filter); },
      "Criteria, for example 'lead_score >= 80 AND tags.name:VIP'");
  AddRelease(command, workflow, [arguments](const std::string& field) {
    if (field == "daily-at") arguments->time_given = true;
  });
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
                   List(ConnectWorkflows(session.settings), &Stub::ListWorkflows, request, limit,
                        &ListWorkflowsResponse::workflows_size));
  if (session.settings.json()) {
    session.out << MessageJson(response);
    return absl::OkStatus();
  }
  Table table({"ID", "NAME", "TEMPLATE", "WEBHOOK", "STATE", "CREATED"});
  for (const Workflow& workflow : response.workflows()) {
    table.AddRow({LastPart(workflow.name()), workflow.display_name(),
                  TemplateText(workflow.template_()), LastPart(workflow.webhook()),
                  StateText(workflow),
                  TimeText(workflow.create_time(), workflow.has_create_time())});
  }
  session.out << table.Render();
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

// For the calls that take a name and return the workflow: get, enable, disable.
template <typename Request>
void AddByName(CLI::App& parent, Session& session, const char* word, const char* help,
               WorkflowClient::Method<Request, Workflow> method) {
  const auto name = std::make_shared<std::string>();
  CLI::App& command = *parent.add_subcommand(word, help);
  AddName(command, "workflow", *name);
  OnRun(command, session, [&session, name, method]() -> absl::Status {
    Request request;
    ASSIGN_OR_RETURN(*request.mutable_name(), NameOf(session, *name));
    ASSIGN_OR_RETURN(const Workflow workflow,
                     ConnectWorkflows(session.settings).Call(method, request));
    Show(session, workflow);
    return absl::OkStatus();
  });
}

struct UpdateArguments {
  std::string name;
  bool time_given = false;  // of the daily run
  std::string webhook;
  UpdateWorkflowRequest request;
};

// A schedule is updated as a whole: what was not given stays as it is.
absl::Status CompleteSchedule(Session& session, bool time_given, UpdateWorkflowRequest& request) {
  GetWorkflowRequest get;
  get.set_name(request.workflow().name());
  ASSIGN_OR_RETURN(const Workflow current,
                   ConnectWorkflows(session.settings).Call(&Stub::GetWorkflow, get));
  Workflow::Schedule schedule = current.schedule();
  const Workflow::Schedule& given = request.workflow().schedule();
  if (!given.time_zone().empty()) schedule.set_time_zone(given.time_zone());
  if (time_given) {
    RETURN_IF_ERROR(CheckHasDailyRun(current.template_()));
    schedule.set_hours(given.hours());
    schedule.set_minutes(given.minutes());
  }
  *request.mutable_workflow()->mutable_schedule() = schedule;
  return absl::OkStatus();
}

absl::Status Update(Session& session, const UpdateArguments& arguments) {
  UpdateWorkflowRequest request = arguments.request;
  ASSIGN_OR_RETURN(*request.mutable_workflow()->mutable_name(), NameOf(session, arguments.name));
  if (!arguments.webhook.empty()) {
    ASSIGN_OR_RETURN(
        *request.mutable_workflow()->mutable_webhook(),
        ChildName("webhooks", CommunityOf(request.workflow().name()), arguments.webhook));
    request.mutable_update_mask()->add_paths("webhook");
  }
  if (request.workflow().has_schedule()) {
    RETURN_IF_ERROR(CompleteSchedule(session, arguments.time_given, request));
  }
  if (request.update_mask().paths().empty()) {
    return UsageError(
        "nothing to change: give --daily-at, --time-zone, --max-per-day, --display-name, --webhook "
        "or --filter");
  }
  ASSIGN_OR_RETURN(const Workflow workflow,
                   ConnectWorkflows(session.settings).Call(&Stub::UpdateWorkflow, request));
  Show(session, workflow);
  return absl::OkStatus();
}

void AddUpdate(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<UpdateArguments>();
  CLI::App& command = *parent.add_subcommand("update", "Change what is given, keep the rest");
  AddName(command, "workflow", arguments->name);
  command.add_option_function<std::string>(
      "--display-name",
      [arguments](const std::string& name) {
        arguments->request.mutable_workflow()->set_display_name(name);
        arguments->request.mutable_update_mask()->add_paths("display_name");
      },
      "Name for people");
  command.add_option("--webhook", arguments->webhook,
                     "Where to send: the webhook's number or name");
  command.add_option_function<std::string>(
      "--filter",
      [arguments](const std::string& filter) {
        arguments->request.mutable_workflow()->set_filter(filter);
        arguments->request.mutable_update_mask()->add_paths("filter");
      },
      "Criteria; empty ('') when everything is to be sent");
  AddRelease(command, *arguments->request.mutable_workflow(),
             [arguments](const std::string& field) {
               const bool time = field == "daily-at";
               arguments->time_given = arguments->time_given || time;
               arguments->request.mutable_update_mask()->add_paths(time ? "schedule" : field);
             });
  AddConfirmation(command, [arguments](const std::string& token) {
    arguments->request.set_confirmation_token(token);
  });
  AddEtag(command, [arguments](const std::string& etag) {
    arguments->request.mutable_workflow()->set_etag(etag);
  });
  OnRun(command, session, [&session, arguments] { return Update(session, *arguments); });
}

void AddEnable(CLI::App& parent, Session& session) {
  struct Arguments {
    std::string name;
    EnableWorkflowRequest request;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command =
      *parent.add_subcommand("enable", "Let a workflow fire for what comes from now on");
  AddName(command, "workflow", arguments->name);
  AddConfirmation(command, [arguments](const std::string& token) {
    arguments->request.set_confirmation_token(token);
  });
  OnRun(command, session, [&session, arguments]() -> absl::Status {
    EnableWorkflowRequest request = arguments->request;
    ASSIGN_OR_RETURN(*request.mutable_name(), NameOf(session, arguments->name));
    ASSIGN_OR_RETURN(const Workflow workflow,
                     ConnectWorkflows(session.settings).Call(&Stub::EnableWorkflow, request));
    Show(session, workflow);
    return absl::OkStatus();
  });
}

}  // namespace

void AddWorkflowsCommand(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("workflows", "What is sent where");
  command.require_subcommand(1);
  AddCreate(command, session);
  AddList(command, session);
  AddByName<GetWorkflowRequest>(command, session, "get", "Show a workflow", &Stub::GetWorkflow);
  AddUpdate(command, session);
  AddWorkflowPreview(command, session);
  AddEnable(command, session);
  AddByName<DisableWorkflowRequest>(command, session, "disable",
                                    "Let a workflow fire no more for what comes from now on",
                                    &Stub::DisableWorkflow);
  AddDeleteCommand<DeleteWorkflowRequest>(command, session, "workflows", "workflow",
                                          "Delete a workflow", &ConnectWorkflows,
                                          &Stub::DeleteWorkflow);
}

}  // namespace crier::crierctl
