#include "services/evaluator/transport/entity_client.h"

#include <utility>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/rpc/client.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/workflows/criteria.h"

namespace crier::evaluator::transport {
namespace {

using entity::v1::Event;
using ingest::v1::EntityService;
using Stub = EntityService::Stub;

constexpr char kPeer[] = "ingest";

template <typename Request>
absl::StatusOr<int64_t> CallCount(Stub& stub,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               ingest::v1::CountResponse*),
                                  int64_t community, const std::string& filter,
                                  absl::Time evaluate_time, absl::Time deadline) {
  Request request;
  request.set_parent(api::CommunityName(community));
  request.set_filter(filter);
  *request.mutable_evaluate_time() = api::ToProto(evaluate_time);
  ingest::v1::CountResponse response;
  RETURN_IF_ERROR(PeerStatus(rpc::Call(stub, method, request, response, deadline), kPeer));
  return response.count();
}

// Makes an event of every entity of one page; `set` puts the entity into it.
template <typename Request, typename Response, typename Entities, typename Set>
absl::StatusOr<std::vector<Event>> CallList(
    Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
    Entities* (Response::*entities)(), Event::Kind kind, const Set& set, int64_t community,
    const std::string& filter, int limit, absl::Time deadline) {
  Request request;
  request.set_parent(api::CommunityName(community));
  request.set_filter(filter);
  request.set_page_size(limit);
  Response response;
  RETURN_IF_ERROR(PeerStatus(rpc::Call(stub, method, request, response, deadline), kPeer));
  std::vector<Event> events;
  for (auto& entity : *(response.*entities)()) {
    Event& event = events.emplace_back();
    event.set_community_id(community);
    event.set_kind(kind);
    set(event, std::move(entity));
  }
  return events;
}

}  // namespace

absl::StatusOr<int64_t> EntityClient::Count(Template workflow_template, int64_t community,
                                            const std::string& filter, absl::Time evaluate_time,
                                            absl::Time deadline) {
  const auto stub = stub_.Get();
  if (stub == nullptr) return NotConnectedError(kPeer);
  switch (CriteriaEntity(workflow_template)) {
    case Event::kOrganization:
      return CallCount(*stub, &Stub::CountOrganizations, community, filter, evaluate_time,
                       deadline);
    case Event::kActivity:
      return CallCount(*stub, &Stub::CountActivities, community, filter, evaluate_time, deadline);
    default:
      return CallCount(*stub, &Stub::CountContacts, community, filter, evaluate_time, deadline);
  }
}

absl::StatusOr<std::vector<Event>> EntityClient::Find(Template workflow_template, int64_t community,
                                                      const std::string& filter, int limit,
                                                      absl::Time deadline) {
  const auto stub = stub_.Get();
  if (stub == nullptr) return NotConnectedError(kPeer);
  switch (CriteriaEntity(workflow_template)) {
    case Event::kOrganization:
      return CallList(
          *stub, &Stub::ListOrganizations,
          &ingest::v1::ListOrganizationsResponse::mutable_organizations, Event::ORGANIZATION_FOUND,
          [](Event& event, auto&& entity) { *event.mutable_organization() = std::move(entity); },
          community, filter, limit, deadline);
    case Event::kActivity:
      return CallList(
          *stub, &Stub::ListActivities, &ingest::v1::ListActivitiesResponse::mutable_activities,
          Event::ACTIVITY_FOUND,
          [](Event& event, auto&& entity) { *event.mutable_activity() = std::move(entity); },
          community, filter, limit, deadline);
    default:
      return CallList(
          *stub, &Stub::ListContacts, &ingest::v1::ListContactsResponse::mutable_contacts,
          Event::CONTACT_FOUND,
          [](Event& event, auto&& entity) { *event.mutable_contact() = std::move(entity); },
          community, filter, limit, deadline);
  }
}

}  // namespace crier::evaluator::transport
