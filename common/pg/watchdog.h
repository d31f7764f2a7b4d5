// Cuts connections whose server stays silent. Internal to common/pg.
#ifndef CRIER_COMMON_PG_WATCHDOG_H_
#define CRIER_COMMON_PG_WATCHDOG_H_

#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/cond_var.h"

namespace crier::pg {

// libpqxx waits for ever for an answer. `statement_timeout` bounds that while the server lives;
// when it hangs, or the network swallows the answer, this thread shuts the socket down some time
// after the deadline, so that the wait ends with a broken connection. Thread-safe.
class Watchdog {
 public:
  // What a server gets, after the deadline, to cancel a statement by itself.
  static constexpr absl::Duration kGrace = absl::Milliseconds(500);

  Watchdog();
  ~Watchdog();

  // Watches `socket` while it lives. The socket must stay open that long.
  class Guard {
   public:
    Guard(Watchdog& watchdog, int socket, absl::Time deadline);
    ~Guard();

    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Watchdog& watchdog_;
    std::multimap<absl::Duration, int>::iterator entry_;
  };

 private:
  using Entries = std::multimap<absl::Duration, int>;  // end by the monotonic clock → socket

  void Run();

  absl::Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Entries watched_ ABSL_GUARDED_BY(mutex_);
  // By the monotonic clock, when the thread looks next. What has ended since then does not take it
  // back: work comes and goes all the time, and seldom lasts until its end.
  absl::Duration next_look_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();
  std::thread thread_;
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_WATCHDOG_H_
