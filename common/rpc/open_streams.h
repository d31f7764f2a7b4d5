// Streams that clients keep open, and that would hold up a drain.
#ifndef CRIER_COMMON_RPC_OPEN_STREAMS_H_
#define CRIER_COMMON_RPC_OPEN_STREAMS_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace crier::rpc {

// Thread-safe. Does not own the streams.
class OpenStreams {
 public:
  class Stream {
   public:
    virtual ~Stream() = default;

    // Ends the stream in order, with `status`, as soon as it can. Must not block.
    virtual void Close(const absl::Status& status) = 0;
  };

  // Remembers a stream for as long as it lives. Once closed, the status that the stream is to end
  // with.
  absl::Status Add(const std::weak_ptr<Stream>& stream);

  // Closes all streams; later ones end at once.
  void Close(const absl::Status& status);

 private:
  absl::Mutex mutex_;
  std::vector<std::weak_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
  size_t sweep_at_ ABSL_GUARDED_BY(mutex_) = 16;  // forgets those that are gone at this size
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_OPEN_STREAMS_H_
