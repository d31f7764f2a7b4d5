// The end of a thread's work, as its owner asks for it.
#ifndef CRIER_COMMON_BASE_STOP_SIGNAL_H_
#define CRIER_COMMON_BASE_STOP_SIGNAL_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/cond_var.h"

namespace crier {

// Tells threads to stop, also those that pause. Thread-safe.
class StopSignal {
 public:
  // For good.
  void Set();

  bool is_set() const;

  // Waits for `time`, by the machine's monotonic clock, or until the signal is set. False when it
  // is set.
  bool Pause(absl::Duration time);

 private:
  mutable absl::Mutex mutex_;
  CondVar changed_;
  bool is_set_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace crier

#endif  // CRIER_COMMON_BASE_STOP_SIGNAL_H_
