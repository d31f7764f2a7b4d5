// Gets the outcomes of attempts into the database, many to a commit.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_OUTCOME_WRITER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_OUTCOME_WRITER_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/stop_signal.h"
#include "common/batch/batcher.h"
#include "common/lease/lease_store.h"
#include "common/metrics/metrics.h"
#include "services/delivery/domain/queue/queue_store.h"

namespace crier::delivery {

struct OutcomeWriterOptions {
  // Outcomes in one commit at most.
  size_t batch_size = 200;
  // Outcomes that may wait for a commit; the scheduler begins no attempts beyond as many.
  size_t queue_size = 4000;
  // Bytes of waiting outcomes at which saturated() tells to begin no more attempts.
  size_t queue_bytes = 64 * 1024 * 1024;
  // How long outcomes gather for one commit while commits come in succession.
  absl::Duration gather = absl::Milliseconds(2);
  // Pause after a failed commit; doubles up to sixteen times.
  absl::Duration retry_delay = absl::Milliseconds(100);
};

// Thread-safe. While the database is away, outcomes are kept and tried again for as long as their
// leases are held; a new holder of the shard makes the attempts anew, so an outcome that must be
// given up costs a duplicate at the receiver and never a message.
class OutcomeWriter {
 public:
  // What became of an outcome.
  enum class Fate {
    kWritten,
    kWantedAgain,  // the attempt is stored, and its delivery is due again: Recorded::kWantedAgain
    kCancelled,    // so is it, and its delivery was cancelled meanwhile: Recorded::kCancelled
    kFenced,       // the shard belongs to somebody else
    kFailed,       // the database refuses this outcome, again and again
  };
  using Done = std::function<void(Fate)>;
  // Whether a lease is held, as far as this replica knows.
  using HoldsLease = std::function<bool(const lease::Lease&)>;

  // `store` and `clock` must outlive the writer.
  OutcomeWriter(QueueStore& store, const Clock& clock, metrics::Registry& metrics,
                HoldsLease holds_lease, const OutcomeWriterOptions& options = {});

  // Gives up what is not written; every `done` has been called afterwards.
  ~OutcomeWriter();

  // `done` is called exactly once, from the writer's thread or, when the queue is full, from here.
  void Submit(AttemptOutcome outcome, const Done& done);

  bool saturated() const { return queued_bytes_ >= options_.queue_bytes; }

 private:
  std::vector<absl::StatusOr<Fate>> CommitBatch(std::vector<AttemptOutcome> outcomes);
  // Settles the fates that are open, or fails and leaves them so.
  absl::Status TryCommit(const std::vector<AttemptOutcome>& outcomes, bool again,
                         std::vector<std::optional<Fate>>& fates);

  QueueStore& store_;
  const Clock& clock_;
  const HoldsLease holds_lease_;
  const OutcomeWriterOptions options_;
  prometheus::Counter& written_;
  prometheus::Counter& fenced_;
  prometheus::Counter& failed_;
  prometheus::Histogram& commit_seconds_;

  std::atomic<size_t> queued_bytes_ = 0;
  StopSignal stop_;

  std::optional<batch::Batcher<AttemptOutcome, Fate>> batcher_;  // last: its thread uses the rest
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_DISPATCH_OUTCOME_WRITER_H_
