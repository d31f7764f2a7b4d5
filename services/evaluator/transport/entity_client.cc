#include "services/evaluator/transport/entity_client.h"

#include <utility>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/workflows/criteria.h"

namespace crier::evaluator::transport {
namespace {

using entity::v1::Event;
using ingest::v1::CountResponse;
using ingest::v1::EntityService;
using LateEntities = LateStub<EntityService>;
using Stub = EntityService::Stub;

constexpr char kPeer[] = "ingest";

template <typename Request, typename Response>
using Method = LateEntities::Method<Request, Response>;

template <typename Request, typename Response>
absl::StatusOr<Response> Ask(const LateEntities& stub, Method<Request, Response> method,
                             const Request& request, absl::Time deadline) {
  Response response;
  RETURN_IF_ERROR(PeerStatus(stub.Call(method, request, response, deadline), kPeer));
  return response;
}

template <typename Request>
Request CountRequest(int64_t community, const std::string& filter, absl::Time evaluate_time) {
  Request request;
  request.set_parent(api::CommunityName(community));
  request.set_filter(filter);
  *request.mutable_evaluate_time() = api::ToProto(evaluate_time);
  return request;
}

// For the first page.
template <typename Request>
Request ListRequest(int64_t community, const std::string& filter, int limit) {
  Request request;
  request.set_parent(api::CommunityName(community));
  request.set_filter(filter);
  request.set_page_size(limit);
  return request;
}

}  // namespace

absl::StatusOr<int64_t> EntityClient::Count(Template workflow_template, int64_t community,
                                            const std::string& filter, absl::Time evaluate_time,
                                            absl::Time deadline) {
  const auto count =
      [&]<typename Request>(Method<Request, CountResponse> method) -> absl::StatusOr<int64_t> {
    const auto request = CountRequest<Request>(community, filter, evaluate_time);
    ASSIGN_OR_RETURN(const CountResponse response, Ask(stub_, method, request, deadline));
    return response.count();
  };
  switch (CriteriaEntity(workflow_template)) {
    case Event::kOrganization:
      return count(&Stub::CountOrganizations);
    case Event::kActivity:
      return count(&Stub::CountActivities);
    default:
      return count(&Stub::CountContacts);
  }
}

absl::StatusOr<std::vector<Event>> EntityClient::Find(Template workflow_template, int64_t community,
                                                      const std::string& filter, int limit,
                                                      absl::Time deadline) {
  const auto list = [&]<typename Request, typename Response>(Method<Request, Response> method) {
    return Ask(stub_, method, ListRequest<Request>(community, filter, limit), deadline);
  };
  std::vector<Event> events;
  const auto add = [&](Event::Kind kind) -> Event& {
    Event& event = events.emplace_back();
    event.set_community_id(community);
    event.set_kind(kind);
    return event;
  };
  switch (CriteriaEntity(workflow_template)) {
    case Event::kOrganization: {
      ASSIGN_OR_RETURN(auto page, list(&Stub::ListOrganizations));
      for (auto& organization : *page.mutable_organizations()) {
        *add(Event::ORGANIZATION_FOUND).mutable_organization() = std::move(organization);
      }
      return events;
    }
    case Event::kActivity: {
      ASSIGN_OR_RETURN(auto page, list(&Stub::ListActivities));
      for (auto& activity : *page.mutable_activities()) {
        *add(Event::ACTIVITY_FOUND).mutable_activity() = std::move(activity);
      }
      return events;
    }
    default: {
      ASSIGN_OR_RETURN(auto page, list(&Stub::ListContacts));
      for (auto& contact : *page.mutable_contacts()) {
        *add(Event::CONTACT_FOUND).mutable_contact() = std::move(contact);
      }
      return events;
    }
  }
}

}  // namespace crier::evaluator::transport
