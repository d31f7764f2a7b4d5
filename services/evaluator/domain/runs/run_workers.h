// The threads that work on runs.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_WORKERS_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_WORKERS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/stop_signal.h"
#include "common/lease/lease_store.h"
#include "services/evaluator/domain/runs/page_store.h"
#include "services/evaluator/domain/runs/run_executor.h"
#include "services/evaluator/domain/runs/run_store.h"

namespace crier::evaluator {

struct RunWorkerOptions {
  // Runs that are worked on at a time.
  int threads = 2;
  // How often an idle worker looks for work, and the calendar for slots.
  absl::Duration poll = absl::Seconds(1);
  absl::Duration call_timeout = absl::Seconds(5);
  // How long a workflow rests whose work failed and could not be put off (RunExecutor::Work).
  absl::Duration rest = absl::Seconds(5);
  // How long runs that ended are kept.
  absl::Duration retention = absl::Hours(24 * 90);
};

// Works on the runs of the log partitions that are leased to this replica, those that waited
// longest first, a slice of time each: a run over millions keeps nobody else waiting. The threads
// are its own, so runs take nothing from the evaluation of events but CPU time. A further thread
// begins the daily runs that are due and removes old ones. Thread-safe; Add() and Remove() do not
// block.
class RunWorkers {
 public:
  // All must outlive the object. `owner` is who holds the leases.
  RunWorkers(RunStore& runs, PageStore& pages, RunExecutor& executor, std::string owner,
             const Clock& clock, RunWorkerOptions options);

  // As Stop().
  ~RunWorkers();

  // Begins; called once.
  void Start();

  // Lets each worker finish the page that it is at, and waits for that. Safe to call twice.
  void Stop();

  // The lease of a log partition was gained, or lost: its runs are worked on from now on, or not
  // beyond the page that is under way, which the lost lease fences.
  void Add(const lease::Lease& lease);
  void Remove(const lease::Lease& lease);

 private:
  struct Work {
    WorkflowId workflow;
    Fence fence;
  };
  using Key = std::pair<int64_t, int64_t>;  // community, workflow

  void RunWorker();
  void RunCalendar();
  std::optional<Work> TakeWork();
  // How many workflows may be found ready and are not to be worked on now.
  int CountUnwanted();
  void BeginDueRuns();
  void Prune();
  bool Holds(const lease::Lease& lease) const;
  std::vector<int32_t> partitions() const;
  absl::Time Deadline() const;

  RunStore& runs_;
  PageStore& pages_;
  RunExecutor& executor_;
  const std::string owner_;
  const Clock& clock_;
  const RunWorkerOptions options_;

  StopSignal stop_;
  mutable absl::Mutex mutex_;
  std::map<int32_t, lease::Lease> leases_ ABSL_GUARDED_BY(mutex_);
  std::set<Key> busy_ ABSL_GUARDED_BY(mutex_);
  // Until when each rests; monotonic.
  std::map<Key, absl::Duration> resting_ ABSL_GUARDED_BY(mutex_);
  // One looks for work at a time, so that no two find the same.
  absl::Mutex looking_ ABSL_ACQUIRED_BEFORE(mutex_);
  absl::Duration next_prune_ = absl::ZeroDuration();  // the calendar's; monotonic
  std::vector<std::thread> threads_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_WORKERS_H_
