#include "services/evaluator/transport/fake_services.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/rpc/status.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::evaluator::transport {
namespace {

// How soon a handler notices that its caller has gone.
constexpr absl::Duration kPollEvery = absl::Milliseconds(10);

ingest::v1::LogHead ToProto(const LogHead& head) {
  ingest::v1::LogHead proto;
  proto.set_log_partition(head.log_partition);
  proto.set_position(head.position);
  return proto;
}

absl::Status PositionMismatch(int64_t actual) {
  return NamedError(absl::StatusCode::kAborted, "POSITION_MISMATCH", "stands elsewhere",
                    {{"actual_position", std::to_string(actual)}});
}

absl::Status Enqueue(FakeDeliverySink& deliveries,
                     const delivery::v1::EnqueueDeliveriesRequest& request) {
  // A repetition is a mismatch too, whose position tells the caller that it is done.
  ASSIGN_OR_RETURN(const int64_t standing,
                   deliveries.Position(request.producer(), absl::InfiniteFuture()));
  const bool well_formed = request.expected_position() < request.next_position();
  if (well_formed && standing != request.expected_position()) return PositionMismatch(standing);
  Batch batch;
  batch.messages = request.messages();
  batch.next_position = request.next_position();
  ASSIGN_OR_RETURN(const int64_t position,
                   deliveries.Enqueue(request.producer(), request.expected_position(),
                                      std::move(batch), absl::InfiniteFuture()));
  return position == request.next_position() ? absl::OkStatus() : PositionMismatch(position);
}

bool IsMissing(FakeDeliverySink& deliveries, const std::string& webhook) {
  const auto id = api::ParseResource("webhook", api::kWebhooks, webhook);
  const auto exists = deliveries.WebhookExists(id.value_or(WebhookId()), absl::InfiniteFuture());
  return exists.ok() && !*exists;
}

// As the ingest service answers: which others were merged into a contact stands beside it.
template <typename Response>
void Add(int64_t community, std::vector<FoundContact> found, Response& response) {
  const auto name_of = [community](int64_t id) {
    return api::ResourceName(api::kContacts, {community, id});
  };
  for (FoundContact& one : found) {
    *response.add_contacts() = std::move(one.contact);
    if (one.candidate.merged.empty()) continue;
    ingest::v1::MergedContacts& merged = *response.add_merged();
    merged.set_contact(name_of(one.candidate.contact));
    for (const int64_t loser : one.candidate.merged) merged.add_merged_contacts(name_of(loser));
  }
}

template <typename Request>
absl::StatusOr<int64_t> Count(FakeEntitySource& entities, Template workflow_template,
                              const Request& request) {
  ASSIGN_OR_RETURN(const int64_t community, api::ParseCommunity("parent", request.parent()));
  return entities.Count(workflow_template, community, request.filter(),
                        api::FromProto(request.evaluate_time()), absl::InfiniteFuture());
}

grpc::Status Answer(const absl::StatusOr<int64_t>& count, ingest::v1::CountResponse& response) {
  if (count.ok()) response.set_count(*count);
  return rpc::ToGrpc(count.status());
}

// Calls `add` with each event that the request wants.
template <typename Request, typename Add>
grpc::Status List(FakeEntitySource& entities, Template workflow_template, const Request& request,
                  const Add& add) {
  const auto community = api::ParseCommunity("parent", request.parent());
  if (!community.ok()) return rpc::ToGrpc(community.status());
  const auto events = entities.Find(workflow_template, *community, request.filter(),
                                    request.page_size(), absl::InfiniteFuture());
  if (!events.ok()) return rpc::ToGrpc(events.status());
  for (const entity::v1::Event& event : *events) add(event);
  return grpc::Status::OK;
}

}  // namespace

grpc::Status FakeEntityService::StreamContacts(
    grpc::ServerContext*, const ingest::v1::StreamContactsRequest* request,
    grpc::ServerWriter<ingest::v1::StreamContactsResponse>* writer) {
  const auto community = api::ParseCommunity("parent", request->parent());
  if (!community.ok()) return rpc::ToGrpc(community.status());
  int64_t after = 0;
  if (!request->after_contact().empty()) {
    const auto id = api::ParseResource("after_contact", api::kContacts, request->after_contact());
    if (!id.ok()) return rpc::ToGrpc(id.status());
    after = id->id;
  }
  const std::unique_ptr<ContactStream> stream =
      contacts_.Stream(*community, request->filter(), api::FromProto(request->evaluate_time()),
                       after, absl::InfiniteFuture());
  while (true) {
    absl::StatusOr<std::vector<FoundContact>> page = stream->Next();
    if (!page.ok() || page->empty()) return rpc::ToGrpc(page.status());
    ingest::v1::StreamContactsResponse response;
    Add(*community, *std::move(page), response);
    if (!writer->Write(response)) return grpc::Status::CANCELLED;
  }
}

grpc::Status FakeEntityService::BatchGetContacts(grpc::ServerContext*,
                                                 const ingest::v1::BatchGetContactsRequest* request,
                                                 ingest::v1::BatchGetContactsResponse* response) {
  const auto community = api::ParseCommunity("parent", request->parent());
  if (!community.ok()) return rpc::ToGrpc(community.status());
  if (request->names().empty() || request->names_size() > 50) {
    return rpc::ToGrpc(InvalidField("names", "must be few enough for one answer"));
  }
  std::vector<int64_t> ids;
  for (const std::string& name : request->names()) {
    const auto id = api::ParseResource("names", api::kContacts, name);
    if (!id.ok()) return rpc::ToGrpc(id.status());
    ids.push_back(id->id);
  }
  auto found = contacts_.Get(*community, ids, absl::InfiniteFuture());
  if (!found.ok()) return rpc::ToGrpc(found.status());
  Add(*community, *std::move(found), *response);
  return grpc::Status::OK;
}

grpc::Status FakeEntityService::CountContacts(grpc::ServerContext*,
                                              const ingest::v1::CountContactsRequest* request,
                                              ingest::v1::CountResponse* response) {
  const auto community = api::ParseCommunity("parent", request->parent());
  if (!community.ok()) return rpc::ToGrpc(community.status());
  return Answer(contacts_.Count(*community, request->filter(),
                                api::FromProto(request->evaluate_time()), absl::InfiniteFuture()),
                *response);
}

grpc::Status FakeEntityService::CountOrganizations(
    grpc::ServerContext*, const ingest::v1::CountOrganizationsRequest* request,
    ingest::v1::CountResponse* response) {
  return Answer(Count(entities_, Template::kNewOrganization, *request), *response);
}

grpc::Status FakeEntityService::CountActivities(grpc::ServerContext*,
                                                const ingest::v1::CountActivitiesRequest* request,
                                                ingest::v1::CountResponse* response) {
  return Answer(Count(entities_, Template::kNewActivity, *request), *response);
}

grpc::Status FakeEntityService::ListContacts(grpc::ServerContext*,
                                             const ingest::v1::ListContactsRequest* request,
                                             ingest::v1::ListContactsResponse* response) {
  return List(entities_, Template::kNewMember, *request,
              [&](const auto& event) { *response->add_contacts() = event.contact(); });
}

grpc::Status FakeEntityService::ListOrganizations(
    grpc::ServerContext*, const ingest::v1::ListOrganizationsRequest* request,
    ingest::v1::ListOrganizationsResponse* response) {
  return List(entities_, Template::kNewOrganization, *request,
              [&](const auto& event) { *response->add_organizations() = event.organization(); });
}

grpc::Status FakeEntityService::ListActivities(grpc::ServerContext*,
                                               const ingest::v1::ListActivitiesRequest* request,
                                               ingest::v1::ListActivitiesResponse* response) {
  return List(entities_, Template::kNewActivity, *request,
              [&](const auto& event) { *response->add_activities() = event.activity(); });
}

grpc::Status FakeEventService::Subscribe(
    grpc::ServerContext* context, const ingest::v1::SubscribeRequest* request,
    grpc::ServerWriter<ingest::v1::SubscribeResponse>* writer) {
  const std::unique_ptr<EventSubscription> subscription =
      events_.Subscribe(request->log_partition(), request->after_position());
  while (!context->IsCancelled()) {
    absl::StatusOr<std::optional<Frame>> frame = subscription->Next(kPollEvery);
    if (!frame.ok()) return rpc::ToGrpc(frame.status());
    if (!frame->has_value()) continue;
    ingest::v1::SubscribeResponse response;
    *response.mutable_events() = *std::move(*frame);
    writer->Write(response);
  }
  return grpc::Status::CANCELLED;
}

grpc::Status FakeEventService::GetLogHead(grpc::ServerContext*,
                                          const ingest::v1::GetLogHeadRequest* request,
                                          ingest::v1::LogHead* response) {
  const auto community = api::ParseCommunity("community", request->community());
  if (!community.ok()) return rpc::ToGrpc(community.status());
  const absl::StatusOr<LogHead> head = events_.Head(*community, absl::InfiniteFuture());
  if (head.ok()) *response = ToProto(*head);
  return rpc::ToGrpc(head.status());
}

grpc::Status FakeEventService::ListLogHeads(grpc::ServerContext*,
                                            const ingest::v1::ListLogHeadsRequest*,
                                            ingest::v1::ListLogHeadsResponse* response) {
  const auto heads = events_.Heads(absl::InfiniteFuture());
  if (!heads.ok()) return rpc::ToGrpc(heads.status());
  for (const LogHead& head : *heads) *response->add_heads() = ToProto(head);
  return grpc::Status::OK;
}

grpc::Status FakeEventService::RegisterReader(grpc::ServerContext*,
                                              const ingest::v1::RegisterReaderRequest*,
                                              ingest::v1::LogReader* response) {
  const auto positions = events_.Register(absl::InfiniteFuture());
  if (!positions.ok()) return rpc::ToGrpc(positions.status());
  for (const LogHead& head : *positions) {
    ingest::v1::LogPosition& position = *response->add_positions();
    position.set_log_partition(head.log_partition);
    position.set_position(head.position);
  }
  return grpc::Status::OK;
}

grpc::Status FakeEventService::ConfirmPositions(grpc::ServerContext*,
                                                const ingest::v1::ConfirmPositionsRequest* request,
                                                google::protobuf::Empty*) {
  std::vector<LogHead> positions;
  for (const auto& position : request->positions()) {
    positions.push_back({position.log_partition(), position.position()});
  }
  return rpc::ToGrpc(events_.Confirm(positions, absl::InfiniteFuture()));
}

grpc::Status FakeDeliveryService::EnqueueDeliveries(
    grpc::ServerContext*, const delivery::v1::EnqueueDeliveriesRequest* request,
    delivery::v1::EnqueueDeliveriesResponse* response) {
  const absl::Status status = Enqueue(deliveries_, *request);
  if (!status.ok()) return rpc::ToGrpc(status);
  std::set<std::string> dropped;
  for (const auto& message : request->messages()) {
    for (const auto& target : message.targets()) {
      if (IsMissing(deliveries_, target.webhook())) dropped.insert(target.webhook());
    }
  }
  for (const std::string& webhook : dropped) response->add_dropped_webhooks(webhook);
  return grpc::Status::OK;
}

grpc::Status FakeDeliveryService::GetProducerPosition(
    grpc::ServerContext*, const delivery::v1::GetProducerPositionRequest* request,
    delivery::v1::ProducerPosition* response) {
  const auto position = deliveries_.Position(request->producer(), absl::InfiniteFuture());
  if (position.ok()) response->set_position(*position);
  return rpc::ToGrpc(position.status());
}

grpc::Status FakeWebhookService::GetWebhook(grpc::ServerContext*,
                                            const delivery::v1::GetWebhookRequest* request,
                                            delivery::v1::Webhook* response) {
  const auto id = api::ParseResource("name", api::kWebhooks, request->name());
  if (!id.ok()) return rpc::ToGrpc(id.status());
  const auto exists = deliveries_.WebhookExists(*id, absl::InfiniteFuture());
  if (!exists.ok()) return rpc::ToGrpc(exists.status());
  if (!*exists) return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such webhook");
  response->set_name(request->name());
  return grpc::Status::OK;
}

grpc::Status FakeTargetService::FindMissingWebhooks(
    grpc::ServerContext*, const delivery::v1::FindMissingWebhooksRequest* request,
    delivery::v1::FindMissingWebhooksResponse* response) {
  for (const std::string& webhook : request->webhooks()) {
    if (IsMissing(deliveries_, webhook)) response->add_missing_webhooks(webhook);
  }
  return grpc::Status::OK;
}

grpc::Status FakeTargetService::RenderPayload(grpc::ServerContext*,
                                              const delivery::v1::RenderPayloadRequest* request,
                                              delivery::v1::RenderPayloadResponse* response) {
  const auto& target = request->message().targets(0);
  if (IsMissing(deliveries_, target.webhook())) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such webhook");
  }
  response->set_payload("{\"workflow\":\"" + target.workflow() + "\"}");
  return grpc::Status::OK;
}

}  // namespace crier::evaluator::transport
