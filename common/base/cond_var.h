// Waiting for what another thread changes.
#ifndef CRIER_COMMON_BASE_COND_VAR_H_
#define CRIER_COMMON_BASE_COND_VAR_H_

#include <condition_variable>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace crier {

// A condition variable whose timed waits are not prolonged by a step of the clock. Those of
// absl::CondVar, and of absl::Notification, end at a time of the wall clock: when it is set back by
// an hour, whoever waits does so for an hour longer. Thread-safe.
class CondVar {
 public:
  // Each may return without a signal, so callers look again at what they wait for.
  void Wait(absl::Mutex* mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // True when the time was over first.
  bool WaitWithTimeout(absl::Mutex* mutex, absl::Duration timeout)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // True when SystemClock().Monotonic() was at `end` first.
  bool WaitUntil(absl::Mutex* mutex, absl::Duration end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  void Signal() { changed_.notify_one(); }
  void SignalAll() { changed_.notify_all(); }

 private:
  std::condition_variable_any changed_;
};

}  // namespace crier

#endif  // CRIER_COMMON_BASE_COND_VAR_H_
