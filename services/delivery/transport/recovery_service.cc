#include "services/delivery/transport/recovery_service.h"

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/paging.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/api/validation.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/delivery/transport/delivery_filter.h"

namespace crier::delivery::transport {
namespace {

v1::Recovery ToProto(const Recovery& recovery) {
  v1::Recovery proto;
  proto.set_name(api::ResourceName(api::kRecoveries, {recovery.community, recovery.id}));
  proto.set_webhook(recovery.webhook
                        ? api::ResourceName(api::kWebhooks, {recovery.community, *recovery.webhook})
                        : absl::StrCat(api::CommunityName(recovery.community), "/webhooks/-"));
  *proto.mutable_created_from() = api::ToProto(recovery.created_from);
  *proto.mutable_created_before() = api::ToProto(recovery.created_before);
  proto.set_state(static_cast<v1::Recovery::State>(recovery.state));
  proto.set_recovered_count(recovery.recovered);
  *proto.mutable_progress_time() = api::ToProto(recovery.progress_time);
  *proto.mutable_create_time() = api::ToProto(recovery.create_time);
  if (recovery.end_time) *proto.mutable_end_time() = api::ToProto(*recovery.end_time);
  return proto;
}

absl::StatusOr<Recovery> ReadRecovery(const v1::RecoverDeliveriesRequest& request, absl::Time now) {
  Recovery recovery;
  ASSIGN_OR_RETURN(std::tie(recovery.community, recovery.webhook),
                   ParseWebhooks("parent", request.parent()));
  FieldViolations violations;
  api::CheckRequestId(request.request_id(), violations);
  if (request.has_created_from()) {
    api::CheckTimestamp("created_from", request.created_from(), violations);
  } else {
    violations.Add("created_from", "must be set");
  }
  if (request.has_created_before()) {
    api::CheckTimestamp("created_before", request.created_before(), violations);
  }
  recovery.create_time = now;
  recovery.created_from = api::FromProto(request.created_from());
  // It is over before the future comes, and must not say that it has looked at that.
  recovery.created_before =
      request.has_created_before() ? std::min(api::FromProto(request.created_before()), now) : now;
  if (violations.empty() && recovery.created_from >= recovery.created_before) {
    violations.Add("created_from", "must be before `created_before`, which is now unless set");
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return recovery;
}

}  // namespace

grpc::ServerUnaryReactor* RecoveryService::RecoverDeliveries(
    grpc::CallbackServerContext* context, const v1::RecoverDeliveriesRequest* request,
    v1::Recovery* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const Recovery wanted, ReadRecovery(*request, clock_.Now()));
    ASSIGN_OR_RETURN(const Recovery started,
                     repairs_.StartRecovery(wanted, request->request_id(), call.deadline));
    *response = ToProto(started);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* RecoveryService::GetRecovery(grpc::CallbackServerContext* context,
                                                       const v1::GetRecoveryRequest* request,
                                                       v1::Recovery* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const api::ResourceId id,
                     api::ParseResource("name", api::kRecoveries, request->name()));
    ASSIGN_OR_RETURN(const Recovery recovery,
                     repairs_.GetRecovery(id.community, id.id, call.deadline));
    *response = ToProto(recovery);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* RecoveryService::ListRecoveries(grpc::CallbackServerContext* context,
                                                          const v1::ListRecoveriesRequest* request,
                                                          v1::ListRecoveriesResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t community, api::ParseCommunity("parent", request->parent()));
    ASSIGN_OR_RETURN(const int page_size, api::PageSize(request->page_size()));
    ASSIGN_OR_RETURN(const int64_t start,
                     api::ParseIdPageToken(api::CommunityListing(api::kRecoveries, community),
                                           request->page_token()));
    const int64_t before = start > 0 ? start : std::numeric_limits<int64_t>::max();
    // One more than asked for tells whether there is a further page.
    ASSIGN_OR_RETURN(std::vector<Recovery> recoveries,
                     repairs_.ListRecoveries(community, before, page_size + 1, call.deadline));
    if (recoveries.size() > static_cast<size_t>(page_size)) {
      recoveries.resize(page_size);
      response->set_next_page_token(api::MakeIdPageToken(
          api::CommunityListing(api::kRecoveries, community), recoveries.back().id));
    }
    for (const Recovery& recovery : recoveries) *response->add_recoveries() = ToProto(recovery);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* RecoveryService::CancelRecovery(grpc::CallbackServerContext* context,
                                                          const v1::CancelRecoveryRequest* request,
                                                          v1::Recovery* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const api::ResourceId id,
                     api::ParseResource("name", api::kRecoveries, request->name()));
    ASSIGN_OR_RETURN(const Recovery recovery,
                     repairs_.CancelRecovery(id.community, id.id, call.deadline));
    *response = ToProto(recovery);
    return absl::OkStatus();
  });
}

}  // namespace crier::delivery::transport
