// One stream of entities to one reader in bulk.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_ENTITY_STREAM_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_ENTITY_STREAM_H_

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <functional>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/rpc/executor.h"
#include "services/ingest/domain/entity_reader.h"

namespace crier::ingest::transport {

// Reads a selection run by run, in the order of ids. Knows nothing of messages. Not thread-safe.
class RunReader {
 public:
  // `entities` and `draining` must outlive the server.
  RunReader(EntityReader& entities, const std::atomic<bool>& draining, EntitySelection selection,
            std::optional<int64_t> after_id, absl::Time deadline);

  // The next run; without entities at the end. DEADLINE_EXCEEDED, UNAVAILABLE when draining.
  absl::StatusOr<EntityRun> Next();

 private:
  EntityReader& entities_;
  const std::atomic<bool>& draining_;
  const EntitySelection selection_;
  const absl::Time deadline_;
  ReadOptions options_;
  bool more_ = true;
};

// Logs what ends a stream as INTERNAL or UNKNOWN; the status for the reader.
grpc::Status EndOfStream(const absl::Status& status);

// The reactor. While one run is on its way to the client, the next is read, and no more than these
// two are in memory. At any time at most one read (on the executor, because it waits for the
// database) and one write are under way; whoever completes one decides what comes next, under the
// lock, and does it without.
//
// Owns itself: deleted when gRPC is done with it.
template <typename Response>
class EntityStream : public grpc::ServerWriteReactor<Response> {
 public:
  // Makes a frame of a run.
  using Fill = std::function<absl::Status(EntityRun, Response*)>;

  EntityStream(rpc::Executor& executor, RunReader reader, Fill fill)
      : executor_(executor), reader_(std::move(reader)), fill_(std::move(fill)) {
    Advance();
  }

 private:
  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
      if (!ok) end_ = absl::CancelledError();
    }
    Advance();
  }

  void OnCancel() override {
    {
      absl::MutexLock lock(&mutex_);
      end_ = absl::CancelledError();
    }
    Advance();
  }

  void OnDone() override { delete this; }

  void Read() {
    absl::StatusOr<EntityRun> run = reader_.Next();
    Response frame;
    absl::Status status = run.status();
    const bool at_end = run.ok() && run->entities.empty();
    if (run.ok() && !at_end) status = fill_(*std::move(run), &frame);
    {
      absl::MutexLock lock(&mutex_);
      reading_ = false;
      if (status.ok() && !at_end) {
        ready_ = std::move(frame);
      } else if (!end_) {
        end_ = status;
      }
    }
    Advance();
  }

  // Begins whatever can be begun. After Finish() the stream may be gone.
  void Advance() {
    bool write = false, read = false;
    std::optional<absl::Status> finish;
    {
      absl::MutexLock lock(&mutex_);
      const bool cancelled = end_ && absl::IsCancelled(*end_);
      if (ready_ && !writing_ && !cancelled) {
        frame_ = *std::move(ready_);
        ready_.reset();
        write = writing_ = true;
      }
      if (!end_ && !reading_ && !ready_) read = reading_ = true;
      if (end_ && !reading_ && !writing_ && (cancelled || !ready_) && !finished_) {
        finished_ = true;
        finish = end_;
      }
    }
    if (write) this->StartWrite(&frame_);
    if (read && !executor_.TrySubmit([this] { Read(); })) return EndOverloaded();
    if (finish) this->Finish(EndOfStream(*finish));
  }

  void EndOverloaded();

  rpc::Executor& executor_;
  RunReader reader_;  // used by the one read that is under way
  const Fill fill_;
  Response frame_;  // being written

  absl::Mutex mutex_;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Response> ready_ ABSL_GUARDED_BY(mutex_);  // read, not yet written
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
};

// RESOURCE_EXHAUSTED: there is too much to read.
absl::Status TooManyReadersError();

template <typename Response>
void EntityStream<Response>::EndOverloaded() {
  {
    absl::MutexLock lock(&mutex_);
    reading_ = false;
    if (!end_) end_ = TooManyReadersError();
  }
  Advance();
}

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_ENTITY_STREAM_H_
