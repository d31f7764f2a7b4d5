#include "common/base/cond_var.h"

#include <algorithm>
#include <chrono>

#include "common/base/clock.h"

namespace crier {
namespace {

// What std::condition_variable_any takes for a lock.
struct Lock {
  void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex->Lock(); }
  void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex->Unlock(); }

  absl::Mutex* mutex;
};

// No process waits for longer, and the clocks of the library have no room for infinity.
constexpr absl::Duration kForEver = absl::Hours(24 * 365 * 100);

}  // namespace

void CondVar::Wait(absl::Mutex* mutex) {
  Lock lock{mutex};
  changed_.wait(lock);
}

bool CondVar::WaitWithTimeout(absl::Mutex* mutex, absl::Duration timeout) {
  return WaitUntil(mutex, SystemClock().Monotonic() + timeout);
}

bool CondVar::WaitUntil(absl::Mutex* mutex, absl::Duration end) {
  Lock lock{mutex};
  const std::chrono::steady_clock::time_point time(
      absl::ToChronoNanoseconds(std::min(end, kForEver)));
  return changed_.wait_until(lock, time) == std::cv_status::timeout;
}

}  // namespace crier
