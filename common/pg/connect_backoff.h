// Keeps callers from hammering a database that is away. Internal to common/pg.
#ifndef CRIER_COMMON_PG_CONNECT_BACKOFF_H_
#define CRIER_COMMON_PG_CONNECT_BACKOFF_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace crier::pg {

// Remembers a failed connect for a moment, in which everybody else fails with it at once. Measured
// by the monotonic clock. Thread-safe.
class ConnectBackoff {
 public:
  static constexpr absl::Duration kPause = absl::Milliseconds(200);

  // `clock` must outlive this.
  explicit ConnectBackoff(const Clock& clock) : clock_(clock) {}

  // OK when connecting may be tried; otherwise the failure of the last try.
  absl::Status MayConnect() const {
    absl::MutexLock lock(&mutex_);
    return clock_.Monotonic() < until_ ? failure_ : absl::OkStatus();
  }

  // A try failed because the database is away.
  void Failed(const absl::Status& failure) {
    absl::MutexLock lock(&mutex_);
    failure_ = failure;
    until_ = clock_.Monotonic() + kPause;
  }

 private:
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  absl::Duration until_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_CONNECT_BACKOFF_H_
