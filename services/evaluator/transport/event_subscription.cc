#include "services/evaluator/transport/event_subscription.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/rpc/status.h"
#include "services/evaluator/transport/peer.h"

namespace crier::evaluator::transport {

GrpcEventSubscription::GrpcEventSubscription(std::shared_ptr<ingest::v1::EventService::Stub> stub,
                                             int32_t log_partition, int64_t after_position,
                                             absl::Duration max_age)
    : stub_(std::move(stub)) {
  context_.set_deadline(absl::ToChronoTime(absl::Now() + max_age));
  request_.set_log_partition(log_partition);
  request_.set_after_position(after_position);
  stub_->async()->Subscribe(&context_, &request_, this);
  // Reads are begun outside of gRPC's callbacks; without the hold the stream could be over, and
  // this object no longer gRPC's to call, between two of them.
  AddHold();
  StartCall();
}

GrpcEventSubscription::~GrpcEventSubscription() {
  context_.TryCancel();
  bool holding = false;
  {
    absl::MutexLock lock(&mutex_);
    while (read_ == Read::kUnderWay) read_changed_.Wait(&mutex_);
    holding = read_ != Read::kEnded;
  }
  if (holding) RemoveHold();
  done_.WaitForNotification();
}

absl::StatusOr<std::optional<Frame>> GrpcEventSubscription::Next(absl::Duration timeout) {
  BeginRead();
  {
    absl::MutexLock lock(&mutex_);
    while (read_ == Read::kUnderWay && !cancelled_) {
      if (read_changed_.WaitWithTimeout(&mutex_, timeout)) break;
    }
    if (cancelled_) return absl::CancelledError("the subscription was cancelled");
    if (read_ == Read::kUnderWay) return std::optional<Frame>();
    if (read_ == Read::kArrived) {
      read_ = Read::kNone;
      if (response_.events().empty()) return std::optional<Frame>();
      return std::exchange(*response_.mutable_events(), Frame());
    }
  }
  return End();
}

void GrpcEventSubscription::Cancel() {
  {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
    read_changed_.SignalAll();
  }
  context_.TryCancel();
}

void GrpcEventSubscription::BeginRead() {
  {
    absl::MutexLock lock(&mutex_);
    if (read_ != Read::kNone) return;
    read_ = Read::kUnderWay;
  }
  StartRead(&response_);
}

void GrpcEventSubscription::OnReadDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    read_ = ok ? Read::kArrived : Read::kEnded;
    read_changed_.SignalAll();
  }
  // The destructor waits for OnDone(), which waits for this.
  if (!ok) RemoveHold();
}

void GrpcEventSubscription::OnDone(const grpc::Status& status) {
  status_ = rpc::FromGrpc(status);
  done_.Notify();
}

absl::Status GrpcEventSubscription::End() {
  done_.WaitForNotification();
  // Drained, or older than its age: nothing is wrong, and a new stream will do.
  const bool plain = status_.ok() || absl::IsDeadlineExceeded(status_);
  return PeerStatus(plain ? absl::UnavailableError("the stream ended") : status_, "ingest");
}

}  // namespace crier::evaluator::transport
