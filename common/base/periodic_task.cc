#include "common/base/periodic_task.h"

#include <utility>

#include "common/base/clock.h"

namespace crier {

PeriodicTask::PeriodicTask(std::function<absl::Duration()> work)
    : work_(std::move(work)), thread_([this] { Run(); }) {}

PeriodicTask::~PeriodicTask() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

void PeriodicTask::RunSoon() {
  absl::MutexLock lock(&mutex_);
  soon_ = true;
  changed_.SignalAll();
}

void PeriodicTask::Run() {
  while (WaitForNext(work_())) {
  }
}

bool PeriodicTask::WaitForNext(absl::Duration pause) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration next = SystemClock().Monotonic() + pause;
  while (!stopping_ && !soon_) {
    if (changed_.WaitUntil(&mutex_, next)) break;
  }
  soon_ = false;
  return !stopping_;
}

}  // namespace crier
