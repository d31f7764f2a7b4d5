// Which heads of the log somebody holds on to.
#ifndef CRIER_SERVICES_INGEST_STORAGE_BUSY_HEADS_H_
#define CRIER_SERVICES_INGEST_STORAGE_BUSY_HEADS_H_

#include <cstdint>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace crier::ingest::storage {

// Remembers for a while which heads were not to be had, so that the communities of other log
// partitions, which share a transaction with theirs, are not made to wait for them every time.
// Thread-safe.
class BusyHeads {
 public:
  // Whether to wait for a head that is locked.
  enum class Patience {
    kUnlessBusy,  // unless it is among these
    kNone,
  };

  bool Contains(int32_t log_partition) const {
    absl::MutexLock lock(&mutex_);
    const auto entry = until_.find(log_partition);
    return entry != until_.end() && SystemClock().Monotonic() < entry->second;
  }

  // It was not to be had. Does not prolong what is remembered: a head that others use much is
  // locked at many a moment, and who waits for it gets it.
  void Add(int32_t log_partition) {
    const absl::Duration now = SystemClock().Monotonic();
    absl::MutexLock lock(&mutex_);
    absl::Duration& until = until_[log_partition];
    if (until <= now) until = now + kRemembered;
  }

  void Remove(int32_t log_partition) {
    absl::MutexLock lock(&mutex_);
    until_.erase(log_partition);
  }

 private:
  static constexpr absl::Duration kRemembered = absl::Seconds(5);

  mutable absl::Mutex mutex_;
  std::map<int32_t, absl::Duration> until_ ABSL_GUARDED_BY(mutex_);  // by the monotonic clock
};

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_BUSY_HEADS_H_
