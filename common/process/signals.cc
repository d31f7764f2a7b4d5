#include "common/process/signals.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>

#include "absl/time/clock.h"

namespace crier::process {
namespace {

sigset_t TerminationSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void BlockTerminationSignals() {
  const sigset_t signals = TerminationSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

bool WaitForTermination(absl::Duration timeout) {
  const sigset_t signals = TerminationSignals();
  const absl::Time end = absl::Now() + timeout;
  while (true) {
    const absl::Duration left = end - absl::Now();
    const timespec wait = absl::ToTimespec(std::max(left, absl::ZeroDuration()));
    if (sigtimedwait(&signals, nullptr, &wait) > 0) return true;
    if (errno != EINTR) return false;  // EAGAIN: the time is over
  }
}

}  // namespace crier::process
