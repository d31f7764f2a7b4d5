#include "common/base/stop_signal.h"

#include "common/base/clock.h"

namespace crier {

void StopSignal::Set() {
  absl::MutexLock lock(&mutex_);
  is_set_ = true;
  changed_.SignalAll();
}

bool StopSignal::is_set() const {
  absl::MutexLock lock(&mutex_);
  return is_set_;
}

bool StopSignal::Pause(absl::Duration time) {
  const absl::Duration end = SystemClock().Monotonic() + time;
  absl::MutexLock lock(&mutex_);
  while (!is_set_ && !changed_.WaitUntil(&mutex_, end)) {
  }
  return !is_set_;
}

}  // namespace crier
