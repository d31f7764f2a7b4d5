#include "common/pg/fair_semaphore.h"

#include "common/base/clock.h"

namespace crier::pg {

bool FairSemaphore::Acquire(absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  if (free_ > 0) {
    --free_;
    return true;
  }
  const absl::Duration end = MonotonicAt(deadline);
  Waiter waiter;
  const auto place = waiters_.insert(waiters_.end(), &waiter);
  while (!waiter.granted) {
    const bool timed_out = waiter.changed.WaitUntil(&mutex_, end);
    if (timed_out && !waiter.granted) {
      waiters_.erase(place);
      return false;
    }
  }
  return true;
}

void FairSemaphore::Release() {
  absl::MutexLock lock(&mutex_);
  if (waiters_.empty()) {
    ++free_;
    return;
  }
  Waiter* const next = waiters_.front();
  waiters_.pop_front();
  next->granted = true;
  next->changed.Signal();
}

int FairSemaphore::waiting() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(waiters_.size());
}

}  // namespace crier::pg
