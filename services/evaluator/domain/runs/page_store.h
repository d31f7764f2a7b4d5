// Where the pages of runs are decided on.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_PAGE_STORE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_PAGE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/lease/lease_store.h"
#include "services/evaluator/domain/runs/page_decision.h"
#include "services/evaluator/domain/workflows/run.h"

namespace crier::evaluator {

// Under which lease a replica works. A write whose lease has gone to somebody else does nothing and
// answers LeaseLostError.
struct Fence {
  std::string owner;
  lease::Lease lease;
};

// Where the members of a page go.
struct Destination {
  int64_t webhook = 0;
  std::string display_name;  // of the workflow

  friend bool operator==(const Destination& a, const Destination& b) = default;
};

// Members that are in the ledger, but not known to be handed over. They are handed over by moving
// the workflow's producer from `position` to `position + 1`. Whoever has changed the page (a merge,
// a deletion) has moved it to `position + 2`, with nothing to deliver, so that the page as it was
// cannot arrive any more; it is then handed over anew, from there.
struct PendingPage {
  std::vector<int64_t> contacts;
  Destination destination;
  absl::Time decide_time;
};

// A workflow as its runner sees it.
struct RunTask {
  WorkflowId workflow;
  // How far the producer has come; a pending page begins there.
  int64_t position = 0;
  std::optional<PendingPage> pending;
  // The unfinished run, if there is one, and what the workflow is like.
  std::optional<Run> run;
  int64_t workflow_version = 0;
  std::string filter;
  std::optional<LastScan> last_scan;
  // Counts the erasures of the community as a whole.
  int64_t erasures = 0;
};

// What came of a page.
struct DecidedPage {
  enum class Outcome {
    kDecided,
    // The workflow or the community is not what the task says. Nothing was stored.
    kStale,
    // The run has ended. Nothing was stored.
    kEnded,
  };
  Outcome outcome = Outcome::kDecided;
  PageDecision decision;
  Destination destination;
  // When the day ends whose cap cut the page; nothing when it did not.
  std::optional<absl::Time> capped_until;
};

// When an unfinished run goes on, and why not before.
struct Postponement {
  RunHold hold = RunHold::kNone;
  absl::Time until;  // at the earliest
  // In a row, and the last of them.
  int failures = 0;
  std::string error;
};

// The side of those who work on runs. Thread-safe. Every method waits until its deadline at most
// and answers UNAVAILABLE when the database is away.
class PageStore {
 public:
  virtual ~PageStore() = default;

  // Workflows of these log partitions with something to do at `now`, those that have waited longest
  // first.
  struct Ready {
    WorkflowId workflow;
    int32_t log_partition = 0;
  };
  virtual absl::StatusOr<std::vector<Ready>> FindReady(const std::vector<int32_t>& partitions,
                                                       absl::Time now, int limit,
                                                       absl::Time deadline) = 0;

  virtual absl::StatusOr<RunTask> Load(const WorkflowId& id, absl::Time deadline) = 0;

  // The run of the task begins, or begins again, with this scope. False when workflow or run are
  // not what the task says.
  virtual absl::StatusOr<bool> Start(const Fence& fence, const RunTask& task, const RunScope& scope,
                                     std::optional<int64_t> expected_count, absl::Time now,
                                     absl::Time deadline) = 0;

  // Decides on candidates (page_decision.h), under the ledger's lock: writes those to be sent into
  // the ledger, makes them the pending page, and moves the run's cursor, all at once. There must be
  // no pending page. At most `allowance` are sent, less where the daily cap says so. After this
  // call the members are sent, whatever ends; before it, they are not. `cursor` of the task's run
  // is where the candidates begin.
  virtual absl::StatusOr<DecidedPage> Decide(const Fence& fence, const RunTask& task,
                                             const std::vector<Candidate>& candidates,
                                             int64_t allowance, absl::Time now,
                                             absl::Time deadline) = 0;

  // The producer stands at `standing`, which is above the task's position: the pending page is
  // handed over, or to be handed over anew from there.
  virtual absl::Status Settle(const Fence& fence, const RunTask& task, int64_t standing,
                              absl::Time deadline) = 0;

  // The producer stands at `standing`, beyond the pending page as it was. The page is the first
  // half of itself from now on, to be handed over from there; the other half is not decided on: it
  // is in the ledger no more, and the run, if it is unfinished, comes by again.
  virtual absl::Status Halve(const Fence& fence, const RunTask& task, int64_t standing,
                             absl::Time deadline) = 0;

  // Those of the contacts that are in the workflow's ledger.
  virtual absl::StatusOr<ContactSet> Sent(const WorkflowId& id,
                                          const std::vector<int64_t>& contacts,
                                          absl::Time deadline) = 0;

  // Stores when the run of the task goes on; does nothing when it has ended.
  virtual absl::Status Postpone(const Fence& fence, const RunTask& task,
                                const Postponement& postponement, absl::Time deadline) = 0;

  // Ends the run of the task; does nothing when it has ended. kSucceeded makes it the last scan.
  virtual absl::Status Finish(const Fence& fence, const RunTask& task, RunState state,
                              const std::string& error, absl::Time now, absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_PAGE_STORE_H_
