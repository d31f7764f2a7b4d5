// Work on one run.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_EXECUTOR_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_EXECUTOR_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/evaluator/domain/limits/send_rate.h"
#include "services/evaluator/domain/peers/delivery_sink.h"
#include "services/evaluator/domain/peers/event_source.h"
#include "services/evaluator/domain/runs/contact_source.h"
#include "services/evaluator/domain/runs/page_store.h"
#include "services/evaluator/domain/runs/run_metrics.h"

namespace crier::evaluator {

struct RunOptions {
  // For every call to the database or a peer.
  absl::Duration call_timeout = absl::Seconds(10);
  // Counting what a run may find takes longer in a large community.
  absl::Duration count_timeout = absl::Seconds(60);
  // How long one run has a worker before others get their turn.
  absl::Duration slice = absl::Seconds(10);
  // After a failure, doubled with every one in a row.
  absl::Duration min_backoff = absl::Seconds(1);
  absl::Duration max_backoff = absl::Minutes(2);
  // A run that fails so often in a row is given up: about a day.
  int max_failures = 700;
  // What one hand-over takes, with room for what goes with the contacts. A page is small when it is
  // read; one that is handed over later may have grown beyond this.
  size_t max_page_bytes = 12 << 20;
};

// Takes runs forward, page by page. A page is: contacts are read in the order of their ids; the
// store decides which of them the workflow has yet to send, writes them into its ledger and moves
// the run's cursor, all at once; they are handed over by moving the producer of the workflow from
// the ledger's position to the next; and the store learns that they were. Wherever this ends, what
// is pending in the ledger is handed over first when it is taken up again:
//
//   - before the decision, nothing has happened;
//   - between decision and hand-over, the page's members are in the ledger, so nobody decides on
//     them again, and the page is handed over by whoever works on the workflow next, with the
//     contacts as they are then: still one delivery each, of what the member has become since;
//   - after the hand-over, the same call finds the producer moved, and changes nothing.
//
// The contacts of a page that is handed over late may have grown beyond what one call takes. Then
// half of the page is decided on no more, and is for the run to come by again, or for the next.
//
// Two replicas on one run do no harm: the decision needs the lease and the ledger's lock, and of
// two hand-overs of a page the delivery service takes one.
//
// Thread-safe, but a workflow is for one thread at a time.
class RunExecutor {
 public:
  // All must outlive the executor.
  RunExecutor(PageStore& store, ContactSource& contacts, EventSource& events,
              DeliverySink& deliveries, SendRate& rate, const Clock& clock, RunMetrics& metrics,
              RunOptions options)
      : store_(store),
        contacts_(contacts),
        events_(events),
        deliveries_(deliveries),
        rate_(rate),
        clock_(clock),
        metrics_(metrics),
        options_(options) {}

  // Works on a workflow for a slice of time, or until `stop()` holds, which is asked between pages.
  // What fails is logged and, if worth it, tried again later. False when the store could not be
  // told when that is, so that the workflow is found ready again at once, as it was.
  bool Work(const Fence& fence, const WorkflowId& workflow, const std::function<bool()>& stop);

 private:
  absl::Status WorkOn(const Fence& fence, RunTask& task, const std::function<bool()>& stop);
  // Hands the pending page over, with the contacts as they are now.
  absl::Status HandOverPending(const Fence& fence, RunTask& task);
  // Leaves half of a page that is too large to be handed over, and the rest undecided.
  absl::Status Halve(const Fence& fence, RunTask& task);
  // Takes up the pending page as it is stored now.
  absl::Status ReloadPending(RunTask& task);
  // Gives the run its scope. False when workflow or run are no longer what the task says.
  absl::StatusOr<bool> Start(const Fence& fence, RunTask& task);
  absl::Status Scan(const Fence& fence, RunTask& task, const std::function<bool()>& stop);
  // Whether to go on with the next page.
  absl::StatusOr<bool> DoPage(const Fence& fence, RunTask& task, std::vector<FoundContact> page);
  // Moves the producer and tells the store.
  absl::Status HandOver(const Fence& fence, RunTask& task, const PendingPage& page,
                        std::vector<FoundContact> members);
  absl::Status Hold(const Fence& fence, const RunTask& task, RunHold hold, absl::Time until);
  // Whether it is stored when to try again, or that there is no point.
  bool Failed(const Fence& fence, const RunTask& task, const absl::Status& reason);

  absl::Time Deadline() const { return absl::Now() + options_.call_timeout; }
  // As it is stored.
  absl::Time Now() const { return absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now())); }

  PageStore& store_;
  ContactSource& contacts_;
  EventSource& events_;
  DeliverySink& deliveries_;
  SendRate& rate_;
  const Clock& clock_;
  RunMetrics& metrics_;
  const RunOptions options_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_RUN_EXECUTOR_H_
