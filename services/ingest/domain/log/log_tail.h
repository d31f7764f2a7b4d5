// Wakes readers of the event log when there is more to read.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_LOG_LOG_TAIL_H_
#define CRIER_SERVICES_INGEST_DOMAIN_LOG_LOG_TAIL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace crier::ingest {

// The heads of the log partitions as far as this replica has heard of them: from its own commits,
// from notifications of other replicas, from reads. An idle reader costs an entry in a map and
// nothing else.
//
// Thread-safe. Readers are called without locks held.
class LogTail {
 public:
  // A reader that waits. Must be registered at most once at a time, and must not be destroyed while
  // it is.
  class Reader {
   public:
    virtual ~Reader() = default;

    // There is more to read (OK), or the reader is to give up (any other status). The reader is no
    // longer registered. Must not block.
    virtual void OnWake(absl::Status status) = 0;
  };

  // Registers `reader` until the log partition has a head above `position`. False, without
  // registering, when it has one already or the tail is closed: the reader goes on by itself.
  bool Await(Reader* reader, int32_t log_partition, int64_t position);

  // True when the reader was registered and now is not; false when it is being woken, or was never
  // registered.
  bool Cancel(Reader* reader);

  // The head is known to be at `position` or beyond; never moves backwards.
  void Advance(int32_t log_partition, int64_t position);

  // The furthest that the head is known to be.
  int64_t Head(int32_t log_partition) const;

  // Wakes every waiting reader with `status`, for example because the database is away. Later ones
  // may wait again.
  void WakeAll(const absl::Status& status);

  // As WakeAll(), and nobody waits any more.
  void Close(const absl::Status& status);

  // OK until Close(), and then its status.
  absl::Status status() const;

 private:
  struct Partition {
    int64_t head = 0;
    std::map<Reader*, int64_t> readers;  // to the position that they have
  };

  std::vector<Reader*> TakeAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<int32_t, Partition> partitions_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_LOG_LOG_TAIL_H_
