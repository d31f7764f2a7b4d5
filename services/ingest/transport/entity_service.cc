#include "services/ingest/transport/entity_service.h"

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/rpc/unary.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/transport/entity_queries.h"
#include "services/ingest/transport/entity_stream.h"
#include "services/ingest/transport/merge_contacts.h"
#include "services/ingest/transport/reader_name.h"
#include "services/ingest/transport/refused_stream.h"

namespace crier::ingest::transport {
namespace {

constexpr int kMaxBatchGet = 1000;
// With the names of merged contacts this stays below what a message may have.
constexpr size_t kMaxBatchGetBytes = 15 * 1024 * 1024;
constexpr char kDeletion[] = "/deletion";

absl::Status Parse(const FoundEntity& found, google::protobuf::Message* entity) {
  if (entity->ParseFromString(found.message)) return absl::OkStatus();
  return absl::InternalError("a stored entity cannot be parsed");
}

std::string ContactName(int64_t community, int64_t id) {
  return api::ResourceName(api::kContacts, {community, id});
}

void AddMerged(int64_t community, const FoundEntity& contact,
               google::protobuf::RepeatedPtrField<v1::MergedContacts>* merged) {
  if (contact.merged.empty()) return;
  v1::MergedContacts& names = *merged->Add();
  names.set_contact(ContactName(community, contact.id));
  for (int64_t id : contact.merged) names.add_merged_contacts(ContactName(community, id));
}

// What only a listing of activities has.
template <typename Request>
const std::string& ContactOf(const Request& request) {
  if constexpr (std::is_same_v<Request, v1::ListActivitiesRequest>) {
    return request.contact();
  } else {
    static const auto* const none = new std::string();
    return *none;
  }
}

// Segments and tags have no times to evaluate.
template <typename Request>
absl::StatusOr<absl::Time> EvaluateTimeOf(const Request& request, absl::Time now) {
  if constexpr (std::is_same_v<Request, v1::CountSegmentsRequest> ||
                std::is_same_v<Request, v1::CountTagsRequest>) {
    return now;
  } else {
    return ParseEvaluateTime(request.has_evaluate_time(), request.evaluate_time(), now);
  }
}

v1::CommunityDeletion ToProto(const CommunityDeletion& deletion) {
  v1::CommunityDeletion proto;
  proto.set_name(absl::StrCat(api::CommunityName(deletion.community), kDeletion));
  proto.set_state(deletion.finish_time ? v1::CommunityDeletion::DONE
                                       : v1::CommunityDeletion::RUNNING);
  *proto.mutable_create_time() = api::ToProto(deletion.create_time);
  if (deletion.finish_time) *proto.mutable_finish_time() = api::ToProto(*deletion.finish_time);
  proto.set_erased_count(deletion.erased_count);
  for (const std::string& id : deletion.waiting_readers) proto.add_waiting_readers(ReaderName(id));
  return proto;
}

absl::StatusOr<int64_t> ParseDeletionName(absl::string_view name) {
  if (!absl::ConsumeSuffix(&name, kDeletion)) {
    return InvalidField("name", "must have the form communities/{community}/deletion");
  }
  return api::ParseCommunity("name", name);
}

// The ids of the contacts, which must be of the community.
absl::StatusOr<std::vector<int64_t>> ParseContacts(
    int64_t community, const google::protobuf::RepeatedPtrField<std::string>& names) {
  if (names.empty()) return InvalidField("names", "must not be empty");
  if (names.size() > kMaxBatchGet) {
    return InvalidField("names", "must have at most 1,000 elements; ask several times");
  }
  std::set<int64_t> ids;
  for (int i = 0; i < names.size(); ++i) {
    const std::string field = absl::StrCat("names[", i, "]");
    ASSIGN_OR_RETURN(const api::ResourceId contact,
                     api::ParseResource(field, api::kContacts, names[i]));
    if (contact.community != community) {
      return InvalidField(field, "must be of the community that `parent` names");
    }
    ids.insert(contact.id);
  }
  return std::vector<int64_t>(ids.begin(), ids.end());
}

}  // namespace

EntityService::EntityService(EntityReader& reader, Eraser& eraser, RecordSink& sink,
                             rpc::Executor& executor, rpc::Executor& erasure_executor,
                             const Clock& clock, std::function<void()> on_deletion)
    : reader_(reader),
      eraser_(eraser),
      sink_(sink),
      executor_(executor),
      erasure_executor_(erasure_executor),
      clock_(clock),
      on_deletion_(std::move(on_deletion)) {}

grpc::ServerUnaryReactor* EntityService::MergeContacts(grpc::CallbackServerContext* context,
                                                       const v1::MergeContactsRequest* request,
                                                       entity::v1::Contact* response) {
  return transport::MergeContacts(sink_, context, request, response);
}

template <typename Request, typename Entity>
grpc::ServerUnaryReactor* EntityService::GetOne(EntityKind kind,
                                                grpc::CallbackServerContext* context,
                                                const Request* request, Entity* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const api::ResourceId name,
                     api::ParseResource("name", NamesOf(kind).collection, request->name()));
    ASSIGN_OR_RETURN(const std::vector<FoundEntity> found,
                     reader_.Get(kind, name.community, {name.id}, Merged::kNotTold, call.deadline));
    return found.empty() ? EntityNotFoundError(kind, request->name())
                         : Parse(found.front(), response);
  });
}

template <typename Request, typename Response, typename Add>
grpc::ServerUnaryReactor* EntityService::List(EntityKind kind, grpc::CallbackServerContext* context,
                                              const Request* request, Response* response, Add add) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(
        const ListQuery query,
        ParseList({kind, request->parent(), request->page_size(), request->page_token(),
                   request->filter(), request->order_by(), ContactOf(*request)},
                  clock_.Now()));
    ASSIGN_OR_RETURN(const EntityRun run,
                     reader_.Find(query.selection, query.options, call.deadline));
    for (const FoundEntity& entity : run.entities) RETURN_IF_ERROR(Parse(entity, add(response)));
    response->set_next_page_token(NextPageToken(query, run));
    return absl::OkStatus();
  });
}

template <typename Request>
grpc::ServerUnaryReactor* EntityService::Count(EntityKind kind,
                                               grpc::CallbackServerContext* context,
                                               const Request* request,
                                               v1::CountResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const absl::Time now, EvaluateTimeOf(*request, clock_.Now()));
    ASSIGN_OR_RETURN(const EntitySelection selection,
                     ParseSelection(kind, request->parent(), request->filter(), now));
    ASSIGN_OR_RETURN(const int64_t count, reader_.Count(selection, call.deadline));
    response->set_count(count);
    return absl::OkStatus();
  });
}

template <typename Response, typename Request, typename Fill>
grpc::ServerWriteReactor<Response>* EntityService::Stream(EntityKind kind,
                                                          grpc::CallbackServerContext* context,
                                                          const Request* request,
                                                          const std::string& after_name,
                                                          const char* after_field, Fill fill) {
  const auto begin = [&]() -> absl::StatusOr<grpc::ServerWriteReactor<Response>*> {
    ASSIGN_OR_RETURN(
        const absl::Time now,
        ParseEvaluateTime(request->has_evaluate_time(), request->evaluate_time(), clock_.Now()));
    ASSIGN_OR_RETURN(const EntitySelection selection,
                     ParseSelection(kind, request->parent(), request->filter(), now));
    std::optional<int64_t> after;
    if (!after_name.empty()) {
      ASSIGN_OR_RETURN(const api::ResourceId name,
                       api::ParseResource(after_field, NamesOf(kind).collection, after_name));
      if (name.community != selection.community) {
        return InvalidField(after_field, "must be of the community that `parent` names");
      }
      after = name.id;
    }
    RunReader runs(reader_, draining_, selection, after, absl::FromChrono(context->deadline()));
    return new EntityStream<Response>(
        executor_, std::move(runs),
        [fill, selection](const EntityRun& run, Response* frame) -> absl::Status {
          *frame->mutable_evaluate_time() = api::ToProto(selection.evaluate_time);
          return fill(selection.community, run, frame);
        });
  };
  absl::StatusOr<grpc::ServerWriteReactor<Response>*> stream = begin();
  return stream.ok() ? *stream : new RefusedStream<Response>(stream.status());
}

grpc::ServerUnaryReactor* EntityService::BatchGetContacts(
    grpc::CallbackServerContext* context, const v1::BatchGetContactsRequest* request,
    v1::BatchGetContactsResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t community, api::ParseCommunity("parent", request->parent()));
    ASSIGN_OR_RETURN(const std::vector<int64_t> ids, ParseContacts(community, request->names()));
    ASSIGN_OR_RETURN(
        const std::vector<FoundEntity> found,
        reader_.Get(EntityKind::kContact, community, ids, Merged::kTold, call.deadline));
    size_t bytes = 0;
    for (const FoundEntity& contact : found) bytes += contact.message.size();
    if (bytes > kMaxBatchGetBytes) {
      return InvalidField("names", "must not name more than 15 MiB of contacts; ask several times");
    }
    for (const FoundEntity& contact : found) {
      RETURN_IF_ERROR(Parse(contact, response->add_contacts()));
      AddMerged(community, contact, response->mutable_merged());
    }
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* EntityService::DeleteContact(grpc::CallbackServerContext* context,
                                                       const v1::DeleteContactRequest* request,
                                                       google::protobuf::Empty* response) {
  return rpc::RunUnary(
      context, erasure_executor_, [=](const rpc::CallContext& call) -> absl::Status {
        ASSIGN_OR_RETURN(const api::ResourceId name,
                         api::ParseResource("name", api::kContacts, request->name()));
        return eraser_.EraseContact(name.community, name.id, clock_.Now(), call.deadline);
      });
}

grpc::ServerUnaryReactor* EntityService::DeleteCommunity(grpc::CallbackServerContext* context,
                                                         const v1::DeleteCommunityRequest* request,
                                                         v1::CommunityDeletion* response) {
  return rpc::RunUnary(
      context, erasure_executor_, [=](const rpc::CallContext& call) -> absl::Status {
        ASSIGN_OR_RETURN(const int64_t community, api::ParseCommunity("name", request->name()));
        ASSIGN_OR_RETURN(const CommunityDeletion deletion,
                         eraser_.BeginDeletion(community, clock_.Now(), call.deadline));
        *response = ToProto(deletion);
        on_deletion_();
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* EntityService::GetCommunityDeletion(
    grpc::CallbackServerContext* context, const v1::GetCommunityDeletionRequest* request,
    v1::CommunityDeletion* response) {
  return rpc::RunUnary(
      context, erasure_executor_, [=](const rpc::CallContext& call) -> absl::Status {
        ASSIGN_OR_RETURN(const int64_t community, ParseDeletionName(request->name()));
        ASSIGN_OR_RETURN(const CommunityDeletion deletion,
                         eraser_.GetDeletion(community, call.deadline));
        *response = ToProto(deletion);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* EntityService::GetContact(grpc::CallbackServerContext* context,
                                                    const v1::GetContactRequest* request,
                                                    entity::v1::Contact* response) {
  return GetOne(EntityKind::kContact, context, request, response);
}

grpc::ServerUnaryReactor* EntityService::ListContacts(grpc::CallbackServerContext* context,
                                                      const v1::ListContactsRequest* request,
                                                      v1::ListContactsResponse* response) {
  return List(EntityKind::kContact, context, request, response,
              [](v1::ListContactsResponse* to) { return to->add_contacts(); });
}

grpc::ServerUnaryReactor* EntityService::CountContacts(grpc::CallbackServerContext* context,
                                                       const v1::CountContactsRequest* request,
                                                       v1::CountResponse* response) {
  return Count(EntityKind::kContact, context, request, response);
}

grpc::ServerWriteReactor<v1::StreamContactsResponse>* EntityService::StreamContacts(
    grpc::CallbackServerContext* context, const v1::StreamContactsRequest* request) {
  using Frame = v1::StreamContactsResponse;
  const auto fill = [](int64_t community, const EntityRun& run, Frame* frame) -> absl::Status {
    for (const FoundEntity& entity : run.entities) {
      RETURN_IF_ERROR(Parse(entity, frame->add_contacts()));
      AddMerged(community, entity, frame->mutable_merged());
    }
    return absl::OkStatus();
  };
  return Stream<Frame>(EntityKind::kContact, context, request, request->after_contact(),
                       "after_contact", fill);
}

grpc::ServerUnaryReactor* EntityService::GetOrganization(grpc::CallbackServerContext* context,
                                                         const v1::GetOrganizationRequest* request,
                                                         entity::v1::Organization* response) {
  return GetOne(EntityKind::kOrganization, context, request, response);
}

grpc::ServerUnaryReactor* EntityService::ListOrganizations(
    grpc::CallbackServerContext* context, const v1::ListOrganizationsRequest* request,
    v1::ListOrganizationsResponse* response) {
  return List(EntityKind::kOrganization, context, request, response,
              [](v1::ListOrganizationsResponse* to) { return to->add_organizations(); });
}

grpc::ServerUnaryReactor* EntityService::CountOrganizations(
    grpc::CallbackServerContext* context, const v1::CountOrganizationsRequest* request,
    v1::CountResponse* response) {
  return Count(EntityKind::kOrganization, context, request, response);
}

grpc::ServerWriteReactor<v1::StreamOrganizationsResponse>* EntityService::StreamOrganizations(
    grpc::CallbackServerContext* context, const v1::StreamOrganizationsRequest* request) {
  using Frame = v1::StreamOrganizationsResponse;
  const auto fill = [](int64_t, const EntityRun& run, Frame* frame) -> absl::Status {
    for (const FoundEntity& entity : run.entities) {
      RETURN_IF_ERROR(Parse(entity, frame->add_organizations()));
    }
    return absl::OkStatus();
  };
  return Stream<Frame>(EntityKind::kOrganization, context, request, request->after_organization(),
                       "after_organization", fill);
}

grpc::ServerUnaryReactor* EntityService::GetActivity(grpc::CallbackServerContext* context,
                                                     const v1::GetActivityRequest* request,
                                                     entity::v1::Activity* response) {
  return GetOne(EntityKind::kActivity, context, request, response);
}

grpc::ServerUnaryReactor* EntityService::ListActivities(grpc::CallbackServerContext* context,
                                                        const v1::ListActivitiesRequest* request,
                                                        v1::ListActivitiesResponse* response) {
  return List(EntityKind::kActivity, context, request, response,
              [](v1::ListActivitiesResponse* to) { return to->add_activities(); });
}

grpc::ServerUnaryReactor* EntityService::CountActivities(grpc::CallbackServerContext* context,
                                                         const v1::CountActivitiesRequest* request,
                                                         v1::CountResponse* response) {
  return Count(EntityKind::kActivity, context, request, response);
}

grpc::ServerWriteReactor<v1::StreamActivitiesResponse>* EntityService::StreamActivities(
    grpc::CallbackServerContext* context, const v1::StreamActivitiesRequest* request) {
  using Frame = v1::StreamActivitiesResponse;
  const auto fill = [](int64_t, const EntityRun& run, Frame* frame) -> absl::Status {
    for (const FoundEntity& entity : run.entities) {
      RETURN_IF_ERROR(Parse(entity, frame->add_activities()));
    }
    return absl::OkStatus();
  };
  return Stream<Frame>(EntityKind::kActivity, context, request, request->after_activity(),
                       "after_activity", fill);
}

grpc::ServerUnaryReactor* EntityService::GetSegment(grpc::CallbackServerContext* context,
                                                    const v1::GetSegmentRequest* request,
                                                    entity::v1::Segment* response) {
  return GetOne(EntityKind::kSegment, context, request, response);
}

grpc::ServerUnaryReactor* EntityService::ListSegments(grpc::CallbackServerContext* context,
                                                      const v1::ListSegmentsRequest* request,
                                                      v1::ListSegmentsResponse* response) {
  return List(EntityKind::kSegment, context, request, response,
              [](v1::ListSegmentsResponse* to) { return to->add_segments(); });
}

grpc::ServerUnaryReactor* EntityService::CountSegments(grpc::CallbackServerContext* context,
                                                       const v1::CountSegmentsRequest* request,
                                                       v1::CountResponse* response) {
  return Count(EntityKind::kSegment, context, request, response);
}

grpc::ServerUnaryReactor* EntityService::GetTag(grpc::CallbackServerContext* context,
                                                const v1::GetTagRequest* request,
                                                entity::v1::Tag* response) {
  return GetOne(EntityKind::kTag, context, request, response);
}

grpc::ServerUnaryReactor* EntityService::ListTags(grpc::CallbackServerContext* context,
                                                  const v1::ListTagsRequest* request,
                                                  v1::ListTagsResponse* response) {
  return List(EntityKind::kTag, context, request, response,
              [](v1::ListTagsResponse* to) { return to->add_tags(); });
}

grpc::ServerUnaryReactor* EntityService::CountTags(grpc::CallbackServerContext* context,
                                                   const v1::CountTagsRequest* request,
                                                   v1::CountResponse* response) {
  return Count(EntityKind::kTag, context, request, response);
}

}  // namespace crier::ingest::transport
