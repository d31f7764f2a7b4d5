#include "services/ingest/transport/subscription.h"

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/log/log.h"
#include "common/rpc/status.h"
#include "common/status/errors.h"
#include "crier/ingest/v1/event_service.pb.h"
#include "google/protobuf/wire_format_lite.h"
#include "services/ingest/domain/errors.h"

namespace crier::ingest::transport {
namespace {

using google::protobuf::internal::WireFormatLite;

// Nobody waits longer than this for one read: the stream ends, and its reader subscribes again.
constexpr absl::Duration kReadTimeout = absl::Seconds(10);

// The bytes of a v1::SubscribeResponse with these events.
grpc::ByteBuffer FrameOf(const std::vector<std::string>& events) {
  constexpr int kField = v1::SubscribeResponse::kEventsFieldNumber;
  size_t size = 0;
  for (const std::string& event : events) {
    size += WireFormatLite::TagSize(kField, WireFormatLite::TYPE_BYTES);
    size += WireFormatLite::BytesSize(event);
  }
  std::string frame(size, '\0');
  auto* end = reinterpret_cast<uint8_t*>(frame.data());
  for (const std::string& event : events) {
    end = WireFormatLite::WriteBytesToArray(kField, event, end);
  }
  const grpc::Slice slice(frame);
  return grpc::ByteBuffer(&slice, 1);
}

// A database that is too slow is as good as away: the reader subscribes again.
absl::Status ForReaders(const absl::Status& status) {
  return absl::IsDeadlineExceeded(status) || absl::IsAborted(status) ? DatabaseUnavailableError()
                                                                     : status;
}

}  // namespace

Subscription::Subscription(EventLog& log, LogTail& tail, rpc::Executor& executor,
                           int32_t log_partition, int64_t after_position)
    : log_(log),
      tail_(tail),
      executor_(executor),
      log_partition_(log_partition),
      position_(after_position) {
  ScheduleRead();
}

void Subscription::ScheduleRead() {
  if (!executor_.TrySubmit([this] { Read(); })) {
    End(OverloadedError("the server has too much to read; subscribe again after the given delay",
                        absl::Seconds(1)));
  }
}

void Subscription::Read() {
  if (IsCancelled()) return End(absl::CancelledError());
  if (const absl::Status closed = tail_.status(); !closed.ok()) return End(closed);
  absl::StatusOr<LogRead> read =
      log_.Read(log_partition_, position_, ReadLimits(), absl::Now() + kReadTimeout);
  if (!read.ok()) return End(ForReaders(read.status()));
  // What others have committed may be news to the tail.
  tail_.Advance(log_partition_, read->head);
  if (read->events.empty()) return AwaitMore();

  position_ += static_cast<int64_t>(read->events.size());
  frame_ = FrameOf(read->events);
  StartWrite(&frame_);
}

void Subscription::OnWriteDone(bool ok) {
  if (!ok) return End(absl::CancelledError());
  AwaitMore();
}

void Subscription::AwaitMore() {
  {
    absl::MutexLock lock(&mutex_);
    // Once registered, this may be woken and end at any time: nothing of it is touched afterwards.
    if (!cancelled_ && tail_.Await(this, log_partition_, position_)) return;
  }
  ScheduleRead();
}

void Subscription::OnWake(absl::Status status) {
  {
    // Whoever has registered this has yet to let go of the lock, and of the stream with it.
    absl::MutexLock lock(&mutex_);
  }
  if (!status.ok()) return End(status);
  ScheduleRead();
}

void Subscription::OnCancel() {
  bool waiting = false;
  {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
    waiting = tail_.Cancel(this);
  }
  if (waiting) End(absl::CancelledError());
}

bool Subscription::IsCancelled() {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

void Subscription::End(const absl::Status& status) {
  // What the reader is not told of is looked for in the log.
  if (absl::IsInternal(status) || absl::IsUnknown(status)) {
    log::Error("subscription failed", {{"log_partition", log_partition_}, {"status", status}});
  }
  Finish(rpc::ToGrpc(status));
}

}  // namespace crier::ingest::transport
