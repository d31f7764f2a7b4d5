// The ingest service as a source of events.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_EVENT_CLIENT_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_EVENT_CLIENT_H_

#include <grpcpp/channel.h>

#include <atomic>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "crier/ingest/v1/event_service.grpc.pb.h"
#include "services/evaluator/domain/peers/event_source.h"
#include "services/evaluator/transport/peer.h"

namespace crier::evaluator::transport {

// Thread-safe.
class EventClient : public EventSource {
 public:
  // Streams end after `max_stream_age` and are to be begun anew.
  explicit EventClient(absl::Duration max_stream_age = absl::Minutes(10))
      : max_stream_age_(max_stream_age) {}

  // To be called once; before it, every call answers UNAVAILABLE.
  void Connect(const std::shared_ptr<grpc::Channel>& channel) { stub_.Connect(channel); }

  std::unique_ptr<EventSubscription> Subscribe(int32_t log_partition,
                                               int64_t after_position) override;
  absl::StatusOr<LogHead> Head(int64_t community, absl::Time deadline) override;
  absl::StatusOr<std::vector<LogHead>> Heads(absl::Time deadline) override;
  absl::StatusOr<std::vector<LogHead>> Register(absl::Time deadline) override;
  absl::Status Confirm(const std::vector<LogHead>& positions, absl::Time deadline) override;

 private:
  const absl::Duration max_stream_age_;
  LateStub<ingest::v1::EventService> stub_;
  std::atomic<bool> registered_{false};
};

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_EVENT_CLIENT_H_
