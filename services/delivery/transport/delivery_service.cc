#include "services/delivery/transport/delivery_service.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/paging.h"
#include "common/api/resource_name.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/delivery/domain/errors.h"
#include "services/delivery/transport/delivery_filter.h"
#include "services/delivery/transport/delivery_proto.h"
#include "services/delivery/transport/enqueue_request.h"
#include "services/delivery/transport/page_bytes.h"

namespace crier::delivery::transport {
namespace {

// Deliveries read from the database at once.
constexpr int kChunk = 20;

// The delivery that the page begins after; nothing for the first page.
absl::StatusOr<std::optional<MessageId>> PageStart(const std::string& scope,
                                                   const std::string& token) {
  ASSIGN_OR_RETURN(const std::string key, api::ParsePageToken(scope, token));
  if (key.empty()) return std::optional<MessageId>();
  const absl::StatusOr<MessageId> id = MessageId::FromString(key);
  if (!id.ok()) return api::ForeignTokenError();
  return std::optional<MessageId>(*id);
}

v1::EnqueueDeliveriesResponse ToProto(const EnqueueResult& result) {
  v1::EnqueueDeliveriesResponse response;
  response.set_enqueued_count(result.enqueued);
  response.set_dropped_count(result.dropped);
  for (const WebhookId& webhook : result.dropped_webhooks) {
    response.add_dropped_webhooks(api::ResourceName(api::kWebhooks, webhook));
  }
  return response;
}

}  // namespace

grpc::ServerUnaryReactor* DeliveryService::EnqueueDeliveries(
    grpc::CallbackServerContext* context, const v1::EnqueueDeliveriesRequest* request,
    v1::EnqueueDeliveriesResponse* response) {
  return rpc::StartUnary(context, [&](const rpc::CallContext& call, const rpc::FinishCall& finish) {
    absl::StatusOr<EnqueueRequest> enqueue = ReadEnqueueRequest(*request);
    if (!enqueue.ok()) return finish(enqueue.status());
    context->GetRpcAllocatorState()->FreeRequest();
    const absl::Status accepted =
        enqueuer_.Submit(*std::move(enqueue), call.deadline,
                         [response, finish](const absl::StatusOr<EnqueueResult>& result) {
                           if (result.ok()) *response = ToProto(*result);
                           finish(result.status());
                         });
    if (!accepted.ok()) finish(accepted);
  });
}

grpc::ServerUnaryReactor* DeliveryService::GetProducerPosition(
    grpc::CallbackServerContext* context, const v1::GetProducerPositionRequest* request,
    v1::ProducerPosition* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    RETURN_IF_ERROR(CheckProducer(request->producer()));
    ASSIGN_OR_RETURN(const int64_t position,
                     intake_.ProducerPosition(request->producer(), call.deadline));
    response->set_position(position);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* DeliveryService::GetDelivery(grpc::CallbackServerContext* context,
                                                       const v1::GetDeliveryRequest* request,
                                                       v1::Delivery* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const DeliveryId id, ParseDeliveryName("name", request->name()));
    RETURN_IF_ERROR(Show(id, call.deadline, *response));
    ASSIGN_OR_RETURN(*response->mutable_payload(), payloads_.Read(id, call.deadline));
    return absl::OkStatus();
  });
}

absl::Status DeliveryService::Show(const DeliveryId& id, absl::Time deadline,
                                   v1::Delivery& response) {
  ASSIGN_OR_RETURN(const std::optional<DeliveryRecord> found, log_.Get(id, deadline));
  if (!found) return DeliveryNotFoundError(DeliveryName(id));
  response = ToProto(*found);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* DeliveryService::ListDeliveries(grpc::CallbackServerContext* context,
                                                          const v1::ListDeliveriesRequest* request,
                                                          v1::ListDeliveriesResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const DeliveryFilter filter, ReadDeliveryFilter(*request));
    ASSIGN_OR_RETURN(const int page_size, api::PageSize(request->page_size()));
    const std::string scope = ListingScope(*request);
    ASSIGN_OR_RETURN(const std::optional<MessageId> before,
                     PageStart(scope, request->page_token()));
    return FillPage(filter, scope, before, page_size, call.deadline, *response);
  });
}

absl::Status DeliveryService::FillPage(const DeliveryFilter& filter, const std::string& scope,
                                       std::optional<MessageId> before, int page_size,
                                       absl::Time deadline, v1::ListDeliveriesResponse& response) {
  size_t bytes = 0;
  while (true) {
    const int limit = std::min(page_size - response.deliveries_size(), kChunk);
    ASSIGN_OR_RETURN(const DeliveryPage page, log_.List(filter, before, limit, deadline));
    for (const DeliveryRecord& record : page.records) {
      v1::Delivery delivery = ToProto(record);
      bytes += delivery.ByteSizeLong();
      if (bytes > kPageBytes && response.deliveries_size() > 0) {
        response.set_next_page_token(api::MakePageToken(scope, before->ToString()));
        return absl::OkStatus();
      }
      before = record.id.message;
      *response.add_deliveries() = std::move(delivery);
    }
    if (!page.next) return absl::OkStatus();
    before = page.next;
    const bool enough =
        response.deliveries_size() == page_size || static_cast<int>(page.records.size()) < limit;
    if (enough) {
      response.set_next_page_token(api::MakePageToken(scope, before->ToString()));
      return absl::OkStatus();
    }
  }
}

}  // namespace crier::delivery::transport
