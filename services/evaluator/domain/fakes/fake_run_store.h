// Runs in memory.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_RUN_STORE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_RUN_STORE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/evaluator/domain/runs/run_store.h"

namespace crier::evaluator {

// Thread-safe.
class FakeRunStore : public RunStore {
 public:
  // A workflow of log partition 0. One with runs that is enabled begins one, and has a slot.
  void Put(const Workflow& workflow, absl::Time now);

  absl::StatusOr<Run> Begin(const WorkflowId& id, RunTrigger trigger, bool full_scan,
                            absl::Time now, absl::Time deadline) override;
  absl::StatusOr<Run> Get(const RunId& id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Run>> List(const WorkflowId& id, int64_t before, int limit,
                                        absl::Time deadline) override;
  absl::StatusOr<Run> Cancel(const RunId& id, absl::Time now, absl::Time deadline) override;
  absl::StatusOr<std::vector<ScheduledWorkflow>> Due(const std::vector<int32_t>& partitions,
                                                     absl::Time now, int limit,
                                                     absl::Time deadline) override;
  absl::Status TakeSlot(const ScheduledWorkflow& workflow, const DueSlot& due, absl::Time now,
                        absl::Time deadline) override;
  absl::StatusOr<bool> Prune(const std::vector<int32_t>& partitions, absl::Time ended_before,
                             absl::Time deadline) override;

 private:
  using Key = std::pair<int64_t, int64_t>;  // community, workflow
  struct Entry {
    Workflow workflow;
    std::optional<absl::Time> next_slot;
    std::map<int64_t, Run> runs;
  };

  // Null when there is none.
  Entry* Find(const WorkflowId& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Run* FindRun(const RunId& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Run> Insert(Entry& entry, RunTrigger trigger, bool full_scan, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<Key, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  int64_t last_run_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_RUN_STORE_H_
