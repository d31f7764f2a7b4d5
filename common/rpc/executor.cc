#include "common/rpc/executor.h"

#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/cond_var.h"

namespace crier::rpc {

struct Executor::Impl {
  explicit Impl(ExecutorOptions executor_options) : options(executor_options) {}

  // Takes the next task, waiting for one; false when there will be none.
  bool Take(std::function<void()>& task) {
    absl::MutexLock lock(&mutex);
    while (tasks.empty() && !stopping) changed.Wait(&mutex);
    if (tasks.empty()) return false;
    task = std::move(tasks.front());
    tasks.pop_front();
    return true;
  }

  void Run() {
    std::function<void()> task;
    while (Take(task)) {
      task();
      task = nullptr;  // what it holds is released now, not when the next one comes
    }
  }

  const ExecutorOptions options;
  absl::Mutex mutex;
  CondVar changed;
  std::deque<std::function<void()>> tasks ABSL_GUARDED_BY(mutex);
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::vector<std::thread> threads;
};

Executor::Executor(ExecutorOptions options) : impl_(std::make_unique<Impl>(options)) {
  for (int i = 0; i < options.threads; ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->Run(); });
  }
}

Executor::~Executor() {
  {
    absl::MutexLock lock(&impl_->mutex);
    impl_->stopping = true;
    impl_->changed.SignalAll();
  }
  for (std::thread& thread : impl_->threads) thread.join();
}

bool Executor::TrySubmit(std::function<void()> task) {
  absl::MutexLock lock(&impl_->mutex);
  if (impl_->stopping) return false;
  if (impl_->tasks.size() >= static_cast<size_t>(impl_->options.queue_capacity)) return false;
  impl_->tasks.push_back(std::move(task));
  impl_->changed.Signal();
  return true;
}

}  // namespace crier::rpc
