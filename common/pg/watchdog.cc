#include "common/pg/watchdog.h"

#include <sys/socket.h>

#include "absl/time/clock.h"

namespace crier::pg {

Watchdog::Watchdog() : thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.Signal();
  }
  thread_.join();
}

Watchdog::Guard::Guard(Watchdog& watchdog, int socket, absl::Time deadline) : watchdog_(watchdog) {
  const absl::Duration end = MonotonicAt(deadline) + Watchdog::kGrace;
  absl::MutexLock lock(&watchdog_.mutex_);
  entry_ = watchdog_.watched_.emplace(end, socket);
  if (end < watchdog_.next_look_) watchdog_.changed_.Signal();
}

Watchdog::Guard::~Guard() {
  absl::MutexLock lock(&watchdog_.mutex_);
  watchdog_.watched_.erase(entry_);
}

void Watchdog::Run() {
  absl::MutexLock lock(&mutex_);
  while (!stopping_) {
    next_look_ = absl::InfiniteDuration();
    const absl::Duration now = SystemClock().Monotonic();
    for (auto& [end, socket] : watched_) {
      if (end > now) {
        next_look_ = end;
        break;
      }
      // Under the lock, so the Guard's owner has not closed it. Harmless when repeated.
      if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
      socket = -1;
    }
    changed_.WaitWithTimeout(&mutex_, next_look_ - now);
  }
}

}  // namespace crier::pg
