// Work in the background that is done again and again.
#ifndef CRIER_COMMON_BASE_PERIODIC_TASK_H_
#define CRIER_COMMON_BASE_PERIODIC_TASK_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/cond_var.h"

namespace crier {

// Runs `work` on a thread of its own: at once, and again when the time that it returned is over or
// RunSoon() is called. Thread-safe.
class PeriodicTask {
 public:
  explicit PeriodicTask(std::function<absl::Duration()> work);

  // Waits for the work that is being done.
  ~PeriodicTask();

  // The work is done once more from its beginning, as soon as possible.
  void RunSoon();

 private:
  void Run();
  // False when it is time to stop.
  bool WaitForNext(absl::Duration pause);

  const std::function<absl::Duration()> work_;

  absl::Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool soon_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace crier

#endif  // CRIER_COMMON_BASE_PERIODIC_TASK_H_
