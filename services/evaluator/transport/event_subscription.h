// One stream of events.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_EVENT_SUBSCRIPTION_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_EVENT_SUBSCRIPTION_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/base/cond_var.h"
#include "crier/ingest/v1/event_service.grpc.pb.h"
#include "services/evaluator/domain/peers/event_source.h"

namespace crier::evaluator::transport {

// EventService.Subscribe as an EventSubscription. Uses gRPC's callbacks, because a blocking read
// could not be given a timeout. Holds one frame at most; what comes after it waits in the
// transport, whose flow control holds the server back.
class GrpcEventSubscription : public EventSubscription,
                              private grpc::ClientReadReactor<ingest::v1::SubscribeResponse> {
 public:
  // Begins the stream. It ends by itself after `max_age`, so that no stream lives for ever and
  // subscribers spread over new replicas of the ingest service.
  GrpcEventSubscription(std::shared_ptr<ingest::v1::EventService::Stub> stub, int32_t log_partition,
                        int64_t after_position, absl::Duration max_age);

  // Cancels the stream and waits until gRPC is done with it, which does not depend on the server.
  ~GrpcEventSubscription() override;

  absl::StatusOr<std::optional<Frame>> Next(absl::Duration timeout) override;
  void Cancel() override;

 private:
  // What became of the read that was begun last.
  enum class Read { kNone, kUnderWay, kArrived, kEnded };

  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  void BeginRead();
  // Waits for gRPC's word on why the stream ended, which follows at once.
  absl::Status End();

  const std::shared_ptr<ingest::v1::EventService::Stub> stub_;
  grpc::ClientContext context_;
  ingest::v1::SubscribeRequest request_;

  absl::Mutex mutex_;
  CondVar read_changed_;
  Read read_ ABSL_GUARDED_BY(mutex_) = Read::kNone;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;

  ingest::v1::SubscribeResponse response_;  // gRPC's while a read is under way
  absl::Status status_;                     // set before done_
  absl::Notification done_;
};

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_EVENT_SUBSCRIPTION_H_
