#include "services/ingest/transport/event_service.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/rpc/malformed_requests.h"
#include "common/rpc/unary.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/ingest/domain/log/log_partition.h"
#include "services/ingest/transport/reader_name.h"
#include "services/ingest/transport/refused_stream.h"
#include "services/ingest/transport/subscription.h"

namespace crier::ingest::transport {
namespace {

constexpr size_t kMaxReaderBytes = 63;
constexpr int kMaxPositions = 1000;

using Refusal = RefusedStream<grpc::ByteBuffer>;

v1::LogHead ToProto(const LogHead& head) {
  v1::LogHead proto;
  proto.set_log_partition(head.log_partition);
  proto.set_position(head.position);
  if (head.accept_time) *proto.mutable_accept_time() = api::ToProto(*head.accept_time);
  return proto;
}

v1::LogReader ToProto(const LogReader& reader) {
  v1::LogReader proto;
  proto.set_name(ReaderName(reader.id));
  for (const LogHead& position : reader.positions) {
    v1::LogPosition& confirmed = *proto.add_positions();
    confirmed.set_log_partition(position.log_partition);
    confirmed.set_position(position.position);
  }
  *proto.mutable_create_time() = api::ToProto(reader.create_time);
  *proto.mutable_confirm_time() = api::ToProto(reader.confirm_time);
  return proto;
}

absl::StatusOr<std::string> ParseReader(absl::string_view name) {
  const bool has_prefix = absl::ConsumePrefix(&name, kReaders);
  const bool fits = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
  if (!has_prefix || !fits || name.empty() || name.size() > kMaxReaderBytes) {
    return InvalidField("name",
                        "must have the form readers/{reader} with 1 to 63 lower-case letters, "
                        "digits and hyphens");
  }
  return std::string(name);
}

absl::StatusOr<std::vector<LogHead>> ParsePositions(const v1::ConfirmPositionsRequest& request) {
  if (request.positions().empty()) return InvalidField("positions", "must not be empty");
  if (request.positions_size() > kMaxPositions) {
    return InvalidField("positions", "must have at most 1,000 elements");
  }
  std::vector<LogHead> positions;
  std::set<int32_t> partitions;
  FieldViolations violations;
  for (int i = 0; i < request.positions_size(); ++i) {
    const v1::LogPosition& position = request.positions(i);
    const std::string field = absl::StrCat("positions[", i, "].");
    if (position.position() < 0) {
      violations.Add(absl::StrCat(field, "position"), "must not be negative");
    }
    if (!partitions.insert(position.log_partition()).second) {
      violations.Add(absl::StrCat(field, "log_partition"), "must not come twice");
    }
    positions.push_back({position.log_partition(), position.position()});
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return positions;
}

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* EventService::Subscribe(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes) {
  v1::SubscribeRequest request;
  const absl::Status parsed = rpc::ParseRequest(*bytes, request);
  if (!parsed.ok()) return new Refusal(parsed);
  FieldViolations violations;
  if (request.log_partition() < 0) violations.Add("log_partition", "must not be negative");
  if (request.after_position() < 0) violations.Add("after_position", "must not be negative");
  if (!violations.empty()) return new Refusal(violations.ToStatus());
  return new Subscription(log_, tail_, executor_, request.log_partition(),
                          request.after_position());
}

grpc::ServerUnaryReactor* EventService::GetLogHead(grpc::CallbackServerContext* context,
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

grpc::ServerUnaryReactor* EventService::ListLogHeads(grpc::CallbackServerContext* context,
                                                     const v1::ListLogHeadsRequest* request,
                                                     v1::ListLogHeadsResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<LogHead> heads, log_.Heads(call.deadline));
    for (const LogHead& head : heads) *response->add_heads() = ToProto(head);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* EventService::RegisterReader(grpc::CallbackServerContext* context,
                                                       const v1::RegisterReaderRequest* request,
                                                       v1::LogReader* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string id, ParseReader(request->name()));
    ASSIGN_OR_RETURN(const LogReader reader,
                     readers_.Register(id, request->from_beginning(), clock_.Now(), call.deadline));
    *response = ToProto(reader);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* EventService::ConfirmPositions(grpc::CallbackServerContext* context,
                                                         const v1::ConfirmPositionsRequest* request,
                                                         google::protobuf::Empty* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string id, ParseReader(request->name()));
    ASSIGN_OR_RETURN(const std::vector<LogHead> positions, ParsePositions(*request));
    return readers_.Confirm(id, positions, clock_.Now(), call.deadline);
  });
}

grpc::ServerUnaryReactor* EventService::ListReaders(grpc::CallbackServerContext* context,
                                                    const v1::ListReadersRequest* request,
                                                    v1::ListReadersResponse* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<LogReader> readers, readers_.List(call.deadline));
    for (const LogReader& reader : readers) *response->add_readers() = ToProto(reader);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* EventService::DeleteReader(grpc::CallbackServerContext* context,
                                                     const v1::DeleteReaderRequest* request,
                                                     google::protobuf::Empty* response) {
  return rpc::RunUnary(context, executor_, [=](const rpc::CallContext& call) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string id, ParseReader(request->name()));
    return readers_.Remove(id, call.deadline);
  });
}

}  // namespace crier::ingest::transport
