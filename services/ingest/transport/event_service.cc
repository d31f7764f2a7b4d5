#include "services/ingest/transport/event_service.h"

#include <vector>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/rpc/status.h"
#include "common/rpc/unary.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/ingest/domain/log_partition.h"
#include "services/ingest/transport/subscription.h"

namespace crier::ingest {
namespace {

// A stream that ends before it begins.
class Refusal : public grpc::ServerWriteReactor<v1::SubscribeResponse> {
 public:
  explicit Refusal(const absl::Status& status) { Finish(rpc::ToGrpc(status)); }

 private:
  void OnDone() override { delete this; }
};

v1::LogHead ToProto(const LogHead& head) {
  v1::LogHead proto;
  proto.set_log_partition(head.log_partition);
  proto.set_position(head.position);
  if (head.accept_time) *proto.mutable_accept_time() = api::ToProto(*head.accept_time);
  return proto;
}

}  // namespace

grpc::ServerWriteReactor<v1::SubscribeResponse>* EventServiceHandler::Subscribe(
    grpc::CallbackServerContext* context, const v1::SubscribeRequest* request) {
  FieldViolations violations;
  if (request->log_partition() < 0) violations.Add("log_partition", "must not be negative");
  if (request->after_position() < 0) violations.Add("after_position", "must not be negative");
  if (!violations.empty()) return new Refusal(violations.ToStatus());
  return new Subscription(log_, tail_, executor_, request->log_partition(),
                          request->after_position());
}

grpc::ServerUnaryReactor* EventServiceHandler::GetLogHead(grpc::CallbackServerContext* context,
                                                          const v1::GetLogHeadRequest* request,
                                                          v1::LogHead* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t community,
                     api::ParseCommunity("community", request->community()));
    // What is committed when the call is answered includes every event accepted before it began.
    ASSIGN_OR_RETURN(const std::vector<LogHead> heads, log_.Heads(call.deadline));
    *response = ToProto(heads[LogPartitionOf(community, static_cast<int32_t>(heads.size()))]);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* EventServiceHandler::ListLogHeads(grpc::CallbackServerContext* context,
                                                            const v1::ListLogHeadsRequest* request,
                                                            v1::ListLogHeadsResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<LogHead> heads, log_.Heads(call.deadline));
    for (const LogHead& head : heads) *response->add_heads() = ToProto(head);
    return absl::OkStatus();
  });
}

}  // namespace crier::ingest
