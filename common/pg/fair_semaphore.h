// A counter of things to borrow, lent in the order of asking. Internal to common/pg.
#ifndef CRIER_COMMON_PG_FAIR_SEMAPHORE_H_
#define CRIER_COMMON_PG_FAIR_SEMAPHORE_H_

#include <list>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/cond_var.h"

namespace crier::pg {

// Thread-safe. Nobody overtakes: what is given back goes to whoever has waited longest.
class FairSemaphore {
 public:
  explicit FairSemaphore(int count) : free_(count) {}

  // Borrows one; waits until `deadline` and says whether it got one.
  bool Acquire(absl::Time deadline);

  // Gives one back.
  void Release();

  // How many are in Acquire(), waiting.
  int waiting() const;

 private:
  struct Waiter {
    CondVar changed;
    bool granted = false;
  };

  mutable absl::Mutex mutex_;
  int free_ ABSL_GUARDED_BY(mutex_);
  std::list<Waiter*> waiters_ ABSL_GUARDED_BY(mutex_);  // on the stacks of Acquire()
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_FAIR_SEMAPHORE_H_
