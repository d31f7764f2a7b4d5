#include "common/lease/lease_keeper.h"

#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/cond_var.h"

namespace crier::lease {

struct LeaseKeeper::Impl {
  Impl(LeaseStore& store, const Clock& clock, LeaseOptions options, LeaseCallbacks callbacks)
      : session(store, clock, std::move(options), std::move(callbacks)) {}

  void Run() {
    while (!Wait(session.Tick())) {
    }
    session.Stop();
  }

  // Waits until the time is over, a heartbeat is wanted soon or the keeper stops; says whether it
  // stops.
  bool Wait(absl::Duration time) {
    absl::MutexLock lock(&mutex);
    if (!stopping && !soon) changed.WaitWithTimeout(&mutex, time);
    soon = false;
    return stopping;
  }

  LeaseSession session;
  absl::Mutex mutex;
  CondVar changed;
  bool soon ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::thread thread;
};

LeaseKeeper::LeaseKeeper(LeaseStore& store, const Clock& clock, LeaseOptions options,
                         LeaseCallbacks callbacks)
    : impl_(std::make_unique<Impl>(store, clock, std::move(options), std::move(callbacks))) {}

LeaseKeeper::~LeaseKeeper() { Stop(); }

void LeaseKeeper::Start() {
  impl_->thread = std::thread([this] { impl_->Run(); });
}

void LeaseKeeper::HeartbeatSoon() {
  absl::MutexLock lock(&impl_->mutex);
  impl_->soon = true;
  impl_->changed.Signal();
}

void LeaseKeeper::Stop() {
  {
    absl::MutexLock lock(&impl_->mutex);
    impl_->stopping = true;
    impl_->changed.Signal();
  }
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace crier::lease
