#include "services/evaluator/transport/event_client.h"

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "services/evaluator/transport/event_subscription.h"

namespace crier::evaluator::transport {
namespace {

using ingest::v1::EventService;

constexpr char kPeer[] = "ingest";
// All replicas of the evaluator read the log as one.
constexpr char kReader[] = "readers/evaluator";

LogHead FromProto(const ingest::v1::LogHead& head) {
  LogHead result = {head.log_partition(), head.position()};
  if (head.has_accept_time()) result.accept_time = api::FromProto(head.accept_time());
  return result;
}

// A subscription that never began.
class NoSubscription : public EventSubscription {
 public:
  absl::StatusOr<std::optional<Frame>> Next(absl::Duration) override {
    return PeerStatus(NotConnectedError(), kPeer);
  }
  void Cancel() override {}
};

}  // namespace

std::unique_ptr<EventSubscription> EventClient::Subscribe(int32_t log_partition,
                                                          int64_t after_position) {
  const auto stub = stub_.Get();
  if (stub == nullptr) return std::make_unique<NoSubscription>();
  return std::make_unique<GrpcEventSubscription>(stub, log_partition, after_position,
                                                 max_stream_age_);
}

absl::StatusOr<LogHead> EventClient::Head(int64_t community, absl::Time deadline) {
  if (!registered_.load()) RETURN_IF_ERROR(Register(deadline).status());
  ingest::v1::GetLogHeadRequest request;
  request.set_community(api::CommunityName(community));
  ingest::v1::LogHead head;
  RETURN_IF_ERROR(
      PeerStatus(stub_.Call(&EventService::Stub::GetLogHead, request, head, deadline), kPeer));
  return FromProto(head);
}

absl::StatusOr<std::vector<LogHead>> EventClient::Heads(absl::Time deadline) {
  ingest::v1::ListLogHeadsResponse response;
  RETURN_IF_ERROR(PeerStatus(stub_.Call(&EventService::Stub::ListLogHeads,
                                        ingest::v1::ListLogHeadsRequest(), response, deadline),
                             kPeer));
  std::vector<LogHead> heads;
  for (const auto& head : response.heads()) heads.push_back(FromProto(head));
  return heads;
}

absl::StatusOr<std::vector<LogHead>> EventClient::Register(absl::Time deadline) {
  ingest::v1::RegisterReaderRequest request;
  request.set_name(kReader);
  ingest::v1::LogReader reader;
  RETURN_IF_ERROR(PeerStatus(
      stub_.Call(&EventService::Stub::RegisterReader, request, reader, deadline), kPeer));
  registered_.store(true);
  std::vector<LogHead> positions;
  for (const auto& position : reader.positions()) {
    positions.push_back({position.log_partition(), position.position()});
  }
  return positions;
}

absl::Status EventClient::Confirm(const std::vector<LogHead>& positions, absl::Time deadline) {
  ingest::v1::ConfirmPositionsRequest request;
  request.set_name(kReader);
  for (const LogHead& head : positions) {
    ingest::v1::LogPosition& position = *request.add_positions();
    position.set_log_partition(head.log_partition);
    position.set_position(head.position);
  }
  google::protobuf::Empty response;
  return PeerStatus(stub_.Call(&EventService::Stub::ConfirmPositions, request, response, deadline),
                    kPeer);
}

}  // namespace crier::evaluator::transport
