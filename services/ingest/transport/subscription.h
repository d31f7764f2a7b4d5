// One stream of events to one reader.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_SUBSCRIPTION_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_SUBSCRIPTION_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/executor.h"
#include "services/ingest/domain/log/event_log.h"
#include "services/ingest/domain/log/log_tail.h"

namespace crier::ingest::transport {

// The reactor of a Subscribe call: reads a frame from the log (on the executor, because that may
// wait for the database), writes it, waits for the tail when there is no more, and again. At any
// time exactly one of the three is under way, and whatever completes it decides what comes next; so
// the position and the frame need no lock. A slow client is waited for with one frame in memory.
// The frame is a SubscribeResponse, put together from the bytes of the events as they are stored.
//
// Owns itself: deleted when gRPC is done with it.
class Subscription : public grpc::ServerWriteReactor<grpc::ByteBuffer>, private LogTail::Reader {
 public:
  // The parts must outlive the server. The first read begins at once.
  Subscription(EventLog& log, LogTail& tail, rpc::Executor& executor, int32_t log_partition,
               int64_t after_position);

 private:
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }
  void OnWake(absl::Status status) override;

  void ScheduleRead();
  void Read();
  // Waits until there is more; goes on reading when there is already.
  void AwaitMore();
  void End(const absl::Status& status);
  bool IsCancelled();

  EventLog& log_;
  LogTail& tail_;
  rpc::Executor& executor_;
  const int32_t log_partition_;

  int64_t position_;  // of the last event written
  grpc::ByteBuffer frame_;

  // Held while registering at the tail, so that a cancellation finds the stream either before or
  // after, and never in between.
  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_SUBSCRIPTION_H_
