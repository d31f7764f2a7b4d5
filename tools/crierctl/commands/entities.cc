// crierctl contacts, organizations, activities, segments, tags, communities: what is known.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "crier/ingest/v1/entity_service.grpc.pb.h"
#include "tools/crierctl/arguments.h"
#include "tools/crierctl/commands/commands.h"
#include "tools/crierctl/commands/list_output.h"
#include "tools/crierctl/commands/named_command.h"
#include "tools/crierctl/connection.h"
#include "tools/crierctl/failure.h"
#include "tools/crierctl/message_output.h"
#include "tools/crierctl/names.h"
#include "tools/crierctl/table.h"

namespace crier::crierctl {
namespace {

using ::crier::entity::v1::Activity;
using ::crier::entity::v1::Contact;
using ::crier::entity::v1::Organization;
using ::crier::ingest::v1::CommunityDeletion;
using ::crier::ingest::v1::CountActivitiesRequest;
using ::crier::ingest::v1::CountContactsRequest;
using ::crier::ingest::v1::CountOrganizationsRequest;
using ::crier::ingest::v1::CountResponse;
using ::crier::ingest::v1::CountSegmentsRequest;
using ::crier::ingest::v1::CountTagsRequest;
using ::crier::ingest::v1::DeleteCommunityRequest;
using ::crier::ingest::v1::DeleteContactRequest;
using ::crier::ingest::v1::EntityService;
using ::crier::ingest::v1::GetCommunityDeletionRequest;
using ::crier::ingest::v1::ListActivitiesRequest;
using ::crier::ingest::v1::ListActivitiesResponse;
using ::crier::ingest::v1::ListContactsRequest;
using ::crier::ingest::v1::ListContactsResponse;
using ::crier::ingest::v1::ListOrganizationsRequest;
using ::crier::ingest::v1::ListOrganizationsResponse;
using ::crier::ingest::v1::ListSegmentsRequest;
using ::crier::ingest::v1::ListSegmentsResponse;
using ::crier::ingest::v1::ListTagsRequest;
using ::crier::ingest::v1::ListTagsResponse;
using ::crier::ingest::v1::MergeContactsRequest;
using Stub = EntityService::Stub;

// What the help of one kind shows.
struct Examples {
  const char* filter;
  const char* order_by;
};

constexpr Examples kContactExamples = {"organization.domain = \"example.com\" AND lead_score >= 80",
                                       "last_seen_time desc, full_name"};
constexpr Examples kOrganizationExamples = {"location.country = Germany", "display_name"};
constexpr Examples kActivityExamples = {"service_name = Discord AND topics:api", "occur_time desc"};
constexpr Examples kLabelExamples = {"name = \"beta*\"", "name"};

std::string FilterHelp(const Examples& examples) {
  return absl::StrCat("Which ones, for example: ", examples.filter);
}

Row RowOf(const Contact& contact) {
  return {
      LastPart(contact.name()), contact.full_name(),
      contact.title(),          contact.organization().display_name(),
      contact.primary_email(),  TimeText(contact.last_seen_time(), contact.has_last_seen_time())};
}

Row RowOf(const Organization& organization) {
  return {LastPart(organization.name()), organization.display_name(), organization.domain(),
          organization.location().country(),
          TimeText(organization.create_time(), organization.has_create_time())};
}

Row RowOf(const Activity& activity) {
  return {LastPart(activity.name()),
          activity.activity_type(),
          activity.service_name(),
          activity.title(),
          LastPart(activity.contact().name()),
          TimeText(activity.occur_time(), activity.has_occur_time())};
}

template <typename Label>
Row RowOf(const Label& label) {
  return {absl::StrCat(label.id()), label.name()};
}

// What `list` takes.
struct ListArguments {
  std::string filter;
  std::string order_by;
  int limit = 50;
};

// `list` for one kind. `entities` are those of a response; `further` adds options of its own.
template <typename Request, typename Response, typename Entities>
CLI::App& AddList(CLI::App& parent, Session& session, const std::string& help,
                  const Examples& examples, Row titles,
                  Client<EntityService>::Method<Request, Response> method,
                  int (Response::*count)() const, Entities entities,
                  std::function<absl::Status(Request*)> further = {}) {
  const auto arguments = std::make_shared<ListArguments>();
  CLI::App& command = *parent.add_subcommand("list", help);
  command.add_option("--filter", arguments->filter, FilterHelp(examples));
  command.add_option("--order-by", arguments->order_by,
                     absl::StrCat("In which order, for example: ", examples.order_by));
  AddLimit(command, arguments->limit);
  OnRun(command, session, [=, &session]() -> absl::Status {
    Request request;
    ASSIGN_OR_RETURN(*request.mutable_parent(), CommunityName(session.settings.community));
    request.set_filter(arguments->filter);
    request.set_order_by(arguments->order_by);
    if (further) RETURN_IF_ERROR(further(&request));
    ASSIGN_OR_RETURN(const Response response, List(Connect<EntityService>(session.settings), method,
                                                   request, arguments->limit, count));
    ShowList(session, response, entities(response), titles,
             [](const auto& entity) { return RowOf(entity); });
    return absl::OkStatus();
  });
  return command;
}

template <typename Request>
void AddCount(CLI::App& parent, Session& session, const std::string& help, const Examples& examples,
              Client<EntityService>::Method<Request, CountResponse> method) {
  const auto filter = std::make_shared<std::string>();
  CLI::App& command = *parent.add_subcommand("count", help);
  command.add_option("--filter", *filter, FilterHelp(examples));
  OnRun(command, session, [=, &session]() -> absl::Status {
    Request request;
    ASSIGN_OR_RETURN(*request.mutable_parent(), CommunityName(session.settings.community));
    request.set_filter(*filter);
    ASSIGN_OR_RETURN(const CountResponse response,
                     Connect<EntityService>(session.settings).Call(method, request));
    session.out << (session.settings.json() ? CountsJson(response)
                                            : absl::StrCat(response.count(), "\n"));
    return absl::OkStatus();
  });
}

// The whole entity, which has too many fields for a table.
template <typename Entity>
void ShowAll(Session& session, const Entity& entity) {
  session.out << MessageJson(entity);
}

template <typename Entity>
using EntityKind = Kind<EntityService, Entity>;

absl::StatusOr<std::string> NameOfContact(const Session& session, const std::string& text) {
  return ChildName("contacts", session.settings.community, text);
}
constexpr EntityKind<Contact> kContact = {"contact", &NameOfContact, &ShowAll};

absl::StatusOr<std::string> NameOfOrganization(const Session& session, const std::string& text) {
  return ChildName("organizations", session.settings.community, text);
}
constexpr EntityKind<Organization> kOrganization = {"organization", &NameOfOrganization, &ShowAll};

absl::StatusOr<std::string> NameOfActivity(const Session& session, const std::string& text) {
  return ChildName("activities", session.settings.community, text);
}
constexpr EntityKind<Activity> kActivity = {"activity", &NameOfActivity, &ShowAll};

constexpr char kGetHelp[] = "Show all that is known of one, as JSON";
constexpr char kYesHelp[] = "It is meant: what is erased cannot be brought back";

void AddDeleteContact(CLI::App& parent, Session& session) {
  const auto name = std::make_shared<std::string>();
  CLI::App& command = *parent.add_subcommand(
      "delete", "Erase a person from everywhere: record, identities, activities, events");
  AddName(command, kContact.thing, *name);
  command.add_flag("--yes", kYesHelp)->required();
  OnRun(command, session, [=, &session]() -> absl::Status {
    DeleteContactRequest request;
    ASSIGN_OR_RETURN(*request.mutable_name(), NameOfContact(session, *name));
    ASSIGN_OR_RETURN(const google::protobuf::Empty response,
                     Connect<EntityService>(session.settings).Call(&Stub::DeleteContact, request));
    session.out << (session.settings.json() ? MessageJson(response)
                                            : absl::StrCat("erased ", request.name(), "\n"));
    return absl::OkStatus();
  });
}

void AddMerge(CLI::App& parent, Session& session) {
  const auto names = std::make_shared<std::vector<std::string>>();
  CLI::App& command = *parent.add_subcommand(
      "merge",
      "Merge contacts that are one person; the oldest stays, the others' names lead to it");
  command.add_option("contacts", *names, "The contacts, two or more: their numbers, or full names")
      ->required();
  OnRun(command, session, [=, &session]() -> absl::Status {
    if (names->size() < 2) return UsageError("with whom? Give the numbers of two contacts or more");
    MergeContactsRequest request;
    ASSIGN_OR_RETURN(*request.mutable_name(), NameOfContact(session, names->front()));
    for (size_t i = 1; i < names->size(); ++i) {
      ASSIGN_OR_RETURN(*request.add_duplicates(), NameOfContact(session, (*names)[i]));
    }
    ASSIGN_OR_RETURN(const Contact winner,
                     Connect<EntityService>(session.settings).Call(&Stub::MergeContacts, request));
    session.out << MessageJson(winner);
    return absl::OkStatus();
  });
}

void AddContacts(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("contacts", "The people that are known");
  command.require_subcommand(1);
  AddNamedCommand(command, session, kContact, "get", kGetHelp, &Stub::GetContact);
  AddList<ListContactsRequest, ListContactsResponse>(
      command, session, "List the contacts of a community", kContactExamples,
      {"ID", "NAME", "TITLE", "ORGANIZATION", "E-MAIL", "LAST SEEN"}, &Stub::ListContacts,
      &ListContactsResponse::contacts_size,
      [](const ListContactsResponse& response) { return response.contacts(); });
  AddCount<CountContactsRequest>(command, session, "Count the contacts of a community",
                                 kContactExamples, &Stub::CountContacts);
  AddMerge(command, session);
  AddDeleteContact(command, session);
}

void AddOrganizations(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("organizations", "The organizations that are known");
  command.require_subcommand(1);
  AddNamedCommand(command, session, kOrganization, "get", kGetHelp, &Stub::GetOrganization);
  AddList<ListOrganizationsRequest, ListOrganizationsResponse>(
      command, session, "List the organizations of a community", kOrganizationExamples,
      {"ID", "NAME", "DOMAIN", "COUNTRY", "FOUND"}, &Stub::ListOrganizations,
      &ListOrganizationsResponse::organizations_size,
      [](const ListOrganizationsResponse& response) { return response.organizations(); });
  AddCount<CountOrganizationsRequest>(command, session, "Count the organizations of a community",
                                      kOrganizationExamples, &Stub::CountOrganizations);
}

void AddActivities(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("activities", "What people did");
  command.require_subcommand(1);
  AddNamedCommand(command, session, kActivity, "get", kGetHelp, &Stub::GetActivity);
  const auto contact = std::make_shared<std::string>();
  AddList<ListActivitiesRequest, ListActivitiesResponse>(
      command, session, "List the activities of a community", kActivityExamples,
      {"ID", "TYPE", "SERVICE", "TITLE", "CONTACT", "OCCURRED"}, &Stub::ListActivities,
      &ListActivitiesResponse::activities_size,
      [](const ListActivitiesResponse& response) { return response.activities(); },
      [contact, &session](ListActivitiesRequest* request) -> absl::Status {
        if (contact->empty()) return absl::OkStatus();
        ASSIGN_OR_RETURN(*request->mutable_contact(), NameOfContact(session, *contact));
        return absl::OkStatus();
      })
      .add_option("--contact", *contact, "Only those of this contact: its number or full name");
  AddCount<CountActivitiesRequest>(command, session, "Count the activities of a community",
                                   kActivityExamples, &Stub::CountActivities);
}

void AddLabels(CLI::App& app, Session& session) {
  CLI::App& segments = *app.add_subcommand("segments", "The groups that contacts are in");
  segments.require_subcommand(1);
  AddList<ListSegmentsRequest, ListSegmentsResponse>(
      segments, session, "List the segments of a community", kLabelExamples, {"ID", "NAME"},
      &Stub::ListSegments, &ListSegmentsResponse::segments_size,
      [](const ListSegmentsResponse& response) { return response.segments(); });
  AddCount<CountSegmentsRequest>(segments, session, "Count the segments of a community",
                                 kLabelExamples, &Stub::CountSegments);
  CLI::App& tags = *app.add_subcommand("tags", "The labels that contacts carry");
  tags.require_subcommand(1);
  AddList<ListTagsRequest, ListTagsResponse>(
      tags, session, "List the tags of a community", kLabelExamples, {"ID", "NAME"},
      &Stub::ListTags, &ListTagsResponse::tags_size,
      [](const ListTagsResponse& response) { return response.tags(); });
  AddCount<CountTagsRequest>(tags, session, "Count the tags of a community", kLabelExamples,
                             &Stub::CountTags);
}

void Show(Session& session, const CommunityDeletion& deletion) {
  if (session.settings.json()) {
    session.out << MessageJson(deletion);
    return;
  }
  session.out << RenderFields({
      {"deletion", deletion.name()},
      {"state", deletion.state() == CommunityDeletion::DONE ? "done" : "running"},
      {"begun", TimeText(deletion.create_time(), deletion.has_create_time())},
      {"finished", TimeText(deletion.finish_time(), deletion.has_finish_time())},
      {"rows erased", absl::StrCat(deletion.erased_count())},
      {"waits for", absl::StrJoin(deletion.waiting_readers(), ", ")},
  });
}

void AddCommunities(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("communities", "Communities as a whole");
  command.require_subcommand(1);
  CLI::App& erase = *command.add_subcommand(
      "delete", "Begin to erase everything of the community that --community names");
  erase.add_flag("--yes", kYesHelp)->required();
  OnRun(erase, session, [&session]() -> absl::Status {
    DeleteCommunityRequest request;
    ASSIGN_OR_RETURN(*request.mutable_name(), CommunityName(session.settings.community));
    ASSIGN_OR_RETURN(
        const CommunityDeletion deletion,
        Connect<EntityService>(session.settings).Call(&Stub::DeleteCommunity, request));
    Show(session, deletion);
    return absl::OkStatus();
  });
  CLI::App& status =
      *command.add_subcommand("deletion", "Show how far the deletion of the community has come");
  OnRun(status, session, [&session]() -> absl::Status {
    GetCommunityDeletionRequest request;
    ASSIGN_OR_RETURN(const std::string community, CommunityName(session.settings.community));
    request.set_name(absl::StrCat(community, "/deletion"));
    ASSIGN_OR_RETURN(
        const CommunityDeletion deletion,
        Connect<EntityService>(session.settings).Call(&Stub::GetCommunityDeletion, request));
    Show(session, deletion);
    return absl::OkStatus();
  });
}

}  // namespace

void AddEntityCommands(CLI::App& app, Session& session) {
  AddContacts(app, session);
  AddOrganizations(app, session);
  AddActivities(app, session);
  AddLabels(app, session);
  AddCommunities(app, session);
}

}  // namespace crier::crierctl
