// Where runs are kept.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_STORE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_STORE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/evaluator/domain/workflows/daily_schedule.h"
#include "services/evaluator/domain/workflows/run.h"

namespace crier::evaluator {

// A daily run that may be due.
struct ScheduledWorkflow {
  WorkflowId id;
  DailySchedule schedule;
  absl::Time next_slot;
};

// The side of callers and of the calendar. Thread-safe. Every method waits until its deadline at
// most and answers UNAVAILABLE when the database is away; the named failures are those of errors.h.
// WorkflowStore::Change begins and cancels runs together with what it changes.
class RunStore {
 public:
  virtual ~RunStore() = default;

  // Stores a pending run. WorkflowNotFoundError, WorkflowHasNoRunsError, WorkflowDisabledError,
  // RunUnfinishedError.
  virtual absl::StatusOr<Run> Begin(const WorkflowId& id, RunTrigger trigger, bool full_scan,
                                    absl::Time now, absl::Time deadline) = 0;

  // RunNotFoundError.
  virtual absl::StatusOr<Run> Get(const RunId& id, absl::Time deadline) = 0;

  // Up to `limit` runs of the workflow with ids below `before`, newest first.
  // WorkflowNotFoundError.
  virtual absl::StatusOr<std::vector<Run>> List(const WorkflowId& id, int64_t before, int limit,
                                                absl::Time deadline) = 0;

  // No page is decided on for the run after this. RunNotFoundError, RunFinishedError.
  virtual absl::StatusOr<Run> Cancel(const RunId& id, absl::Time now, absl::Time deadline) = 0;

  // Workflows of these log partitions whose slot lies at or before `now`, or further ahead than the
  // end of a day that begins then, which may be due to a clock; up to `limit`.
  virtual absl::StatusOr<std::vector<ScheduledWorkflow>> Due(const std::vector<int32_t>& partitions,
                                                             absl::Time now, int limit,
                                                             absl::Time deadline) = 0;

  // Stores what LookAtSchedule() said of a workflow: its next slot and, if one is due and no run is
  // unfinished, a pending run. Changes nothing when somebody else did so first.
  virtual absl::Status TakeSlot(const ScheduledWorkflow& workflow, const DueSlot& due,
                                absl::Time now, absl::Time deadline) = 0;

  // Removes runs of these log partitions that ended before a time, and what deleted workflows left
  // in the ledger; up to a few thousand rows. Returns whether there may be more.
  virtual absl::StatusOr<bool> Prune(const std::vector<int32_t>& partitions,
                                     absl::Time ended_before, absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_STORE_H_
