#include "tools/crierctl/commands/workflow_preview.h"

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "crier/workflow/v1/workflow_service.grpc.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/failure.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"
#include "tools/crierctl/text.h"

namespace crier::crierctl {
namespace {

using ::crier::workflow::v1::PreviewWorkflowRequest;
using ::crier::workflow::v1::PreviewWorkflowResponse;
using ::crier::workflow::v1::Workflow;
using ::crier::workflow::v1::WorkflowService;
using Sample = PreviewWorkflowResponse::Sample;
using Stub = WorkflowService::Stub;

constexpr int kDefaultDays = 7;

struct Arguments {
  PreviewWorkflowRequest request;
  Workflow unsaved;
  std::string name;
  std::string webhook;
};

// The first of the texts that says something.
std::string FirstOf(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (!text.empty()) return text;
  }
  return "";
}

std::string TitleOf(const Sample& sample) {
  switch (sample.entity_case()) {
    case Sample::kOrganization:
      return FirstOf({sample.organization().display_name(), sample.organization().domain()});
    case Sample::kActivity:
      return FirstOf({sample.activity().title(), sample.activity().external_id()});
    default:
      return FirstOf({sample.contact().full_name(), sample.contact().primary_email()});
  }
}

const std::string& NameOf(const Sample& sample) {
  switch (sample.entity_case()) {
    case Sample::kOrganization:
      return sample.organization().name();
    case Sample::kActivity:
      return sample.activity().name();
    default:
      return sample.contact().name();
  }
}

// `workflow` is the name of one that is saved.
std::string Render(const PreviewWorkflowResponse& preview, const std::string& workflow, int days) {
  std::string text = RenderFields({
      {"meet the criteria", ReadableCount(preview.match_count())},
      {absl::StrCat("new in ", days, " days"), ReadableCount(preview.recent_count())},
  });
  if (preview.samples_size() > 0) {
    Table table({"ID", "WHO OR WHAT", "BECAUSE"});
    for (const Sample& sample : preview.samples()) {
      table.AddRow({LastPart(NameOf(sample)), TitleOf(sample),
                    sample.reasons().empty() ? "there are no criteria"
                                             : absl::StrJoin(sample.reasons(), "; ")});
    }
    absl::StrAppend(&text, "\n", table.Render());
  }
  if (!preview.sample_payload().empty()) {
    absl::StrAppend(&text, "\nThe first one would be sent as\n", BodyText(preview.sample_payload()),
                    "\n");
  }
  if (preview.confirmation_required()) {
    absl::StrAppend(&text, "\nTo enable it would release ",
                    Counted(preview.match_count(), "delivery", "deliveries"),
                    ", which needs a confirmation. Within an hour of this preview:\n"
                    "  crierctl workflows enable ",
                    workflow.empty() ? "WORKFLOW" : workflow, " --confirmation-token ",
                    preview.confirmation_token(), "\n");
    if (workflow.empty()) {
      absl::StrAppend(&text, "The token also does to give them to one that is enabled: update.\n");
    }
  }
  return text;
}

absl::StatusOr<PreviewWorkflowRequest> MakeRequest(const Session& session,
                                                   const Arguments& arguments) {
  PreviewWorkflowRequest request = arguments.request;
  const std::string& community = session.settings.community;
  const bool is_unsaved = arguments.unsaved.template_() != Workflow::TEMPLATE_UNSPECIFIED;
  const bool has_unsaved_parts = !arguments.unsaved.filter().empty() || !arguments.webhook.empty();
  if (arguments.name.empty() != is_unsaved || (!is_unsaved && has_unsaved_parts)) {
    return UsageError(
        "give either a workflow, or --template with what it is to have (--filter, --webhook)");
  }
  if (!is_unsaved) {
    ASSIGN_OR_RETURN(*request.mutable_name(), ChildName("workflows", community, arguments.name));
    *request.mutable_parent() = CommunityOf(request.name());
    return request;
  }
  ASSIGN_OR_RETURN(*request.mutable_parent(), CommunityName(community));
  *request.mutable_workflow() = arguments.unsaved;
  if (!arguments.webhook.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_workflow()->mutable_webhook(),
                     ChildName("webhooks", community, arguments.webhook));
  }
  return request;
}

absl::Status Preview(Session& session, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const PreviewWorkflowRequest request, MakeRequest(session, arguments));
  ASSIGN_OR_RETURN(
      const PreviewWorkflowResponse preview,
      Connect<WorkflowService>(session.settings).Call(&Stub::PreviewWorkflow, request));
  const int days = request.days() == 0 ? kDefaultDays : request.days();
  session.out << (session.settings.json() ? MessageJson(preview)
                                          : Render(preview, request.name(), days));
  return absl::OkStatus();
}

}  // namespace

const std::vector<std::pair<std::string, Workflow::Template>>& TemplateChoices() {
  static const auto* const choices = new std::vector<std::pair<std::string, Workflow::Template>>{
      {"new-member", Workflow::NEW_MEMBER},
      {"new-organization", Workflow::NEW_ORGANIZATION},
      {"new-activity", Workflow::NEW_ACTIVITY},
      {"members-that-meet-criteria", Workflow::MEMBERS_THAT_MEET_CRITERIA}};
  return *choices;
}

void AddWorkflowPreview(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = *parent.add_subcommand(
      "preview", "Try criteria out: who meets them and why, and what would be sent");
  command.add_option("workflow", arguments->name,
                     "A saved workflow: its number or full name; or give --template");
  AddChoice<Workflow::Template>(
      command, "--template", TemplateChoices(),
      [arguments](Workflow::Template what) { arguments->unsaved.set_template_(what); },
      "What fires a workflow that is not saved yet");
  command.add_option_function<std::string>(
      "--filter", [arguments](const std::string& filter) { arguments->unsaved.set_filter(filter); },
      "Its criteria");
  command.add_option("--webhook", arguments->webhook,
                     "Its webhook, for the sample payload: number or name");
  TakeWholeNumbers(
      command.add_option_function<int>(
          "--samples", [arguments](int count) { arguments->request.set_sample_size(count); },
          "How many to show (5)"),
      1, 20);
  TakeWholeNumbers(command.add_option_function<int>(
                       "--days", [arguments](int days) { arguments->request.set_days(days); },
                       "How many days back new ones are counted (7)"),
                   1, 365);
  OnRun(command, session, [&session, arguments] { return Preview(session, *arguments); });
}

}  // namespace crier::crierctl
