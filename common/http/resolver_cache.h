// Name look-ups that do not block their caller.
#ifndef CRIER_COMMON_HTTP_RESOLVER_CACHE_H_
#define CRIER_COMMON_HTTP_RESOLVER_CACHE_H_

#include <array>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/cond_var.h"
#include "common/http/resolver.h"

namespace crier::http {

// Runs a Resolver on threads of its own: one look-up at a time for a name, whose answer all who ask
// meanwhile share, and who ask within the time to live after it. Failures are not answered from
// memory, but remembered: a look-up that may take long, because the last one did or failed, or
// because there was none, leaves threads to those that may not. However many names have servers
// that are dead, what has been answered is answered again. Thread-safe.
class ResolverCache {
 public:
  using Callback = std::function<void(const Addresses&)>;

  ResolverCache(Resolver resolver, absl::Duration ttl);

  // Waits for running look-ups; callbacks that are still due by then may or may not be called.
  ~ResolverCache();

  // Calls back from another thread, or at once when the answer is known. A look-up that nobody is
  // waiting for any more (`deadline`, in Monotonic() time) when its turn comes is not made, so that
  // names whose servers are dead do not pile up.
  void Resolve(const std::string& host, absl::Duration deadline, Callback callback);

 private:
  // How the last look-up of a name went, the best first.
  enum Standing { kPrompt, kUntried, kSlow, kStandings };

  struct Lookup {
    std::vector<Callback> waiting;
    absl::Duration deadline;
  };
  struct Answer {
    Addresses addresses;
    absl::Duration expiry;
    Standing standing;
  };
  // What a thread has to do: a look-up or, when nobody waits for it any more, to tell those who
  // did.
  struct Task {
    std::string host;
    Standing standing;
    std::vector<Callback> late;
  };

  void Run();
  bool Take(Task& task);
  // The queue that a thread may take from; kStandings when there is none.
  Standing NextQueue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Callback> Complete(const Task& task, const Addresses& addresses, absl::Duration took);
  void Remember(const std::string& host, const Answer& answer)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Resolver resolver_;
  const absl::Duration ttl_;

  absl::Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::array<std::deque<std::string>, kStandings> queues_ ABSL_GUARDED_BY(mutex_);
  std::array<int, kStandings> running_ ABSL_GUARDED_BY(mutex_) = {};
  absl::flat_hash_map<std::string, Lookup> lookups_ ABSL_GUARDED_BY(mutex_);  // queued or running
  absl::flat_hash_map<std::string, Answer> answers_ ABSL_GUARDED_BY(mutex_);

  std::vector<std::thread> threads_;
};

}  // namespace crier::http

#endif  // CRIER_COMMON_HTTP_RESOLVER_CACHE_H_
