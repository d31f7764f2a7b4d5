// The rules of managing runs.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUNS_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUNS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/evaluator/domain/runs/run_store.h"

namespace crier::evaluator {

// Thread-safe. Every method waits until its deadline at most and answers UNAVAILABLE when the
// database is away. Failures are those of RunStore.
class Runs {
 public:
  // Both must outlive the object.
  Runs(RunStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Begins a run now, over all members if `full_scan` says so.
  absl::StatusOr<Run> Begin(const WorkflowId& id, bool full_scan, absl::Time deadline) {
    return store_.Begin(id, RunTrigger::kManual, full_scan, Now(), deadline);
  }

  absl::StatusOr<Run> Get(const RunId& id, absl::Time deadline) { return store_.Get(id, deadline); }

  // As RunStore::List.
  absl::StatusOr<std::vector<Run>> List(const WorkflowId& id, int64_t before, int limit,
                                        absl::Time deadline) {
    return store_.List(id, before, limit, deadline);
  }

  absl::StatusOr<Run> Cancel(const RunId& id, absl::Time deadline) {
    return store_.Cancel(id, Now(), deadline);
  }

 private:
  // As it is stored.
  absl::Time Now() const { return absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now())); }

  RunStore& store_;
  const Clock& clock_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUNS_H_
