// The evaluation of one log partition.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_PARTITION_RUNNER_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_PARTITION_RUNNER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/stop_signal.h"
#include "services/evaluator/domain/limits/event_caps.h"
#include "services/evaluator/domain/limits/event_pace.h"
#include "services/evaluator/domain/limits/send_rate.h"
#include "services/evaluator/domain/matching/catalog_store.h"
#include "services/evaluator/domain/partitions/backoff.h"
#include "services/evaluator/domain/partitions/evaluator_metrics.h"
#include "services/evaluator/domain/peers/delivery_sink.h"
#include "services/evaluator/domain/peers/event_source.h"
#include "services/evaluator/domain/runs/member_changes.h"

namespace crier::evaluator {

// What every runner works with; the log partitions share it.
struct RunnerParts {
  CatalogStore& catalogs;
  EventSource& events;
  DeliverySink& deliveries;
  MemberLedger& members;
  // These keep events from flooding a receiver.
  CapStore& caps;
  PaceStore& paces;
  SendRate& rate;
  const Clock& clock;
  EvaluatorMetrics& metrics;
};

struct RunnerOptions {
  // For every call to the database or a peer.
  absl::Duration call_timeout = absl::Seconds(5);
  // Frames without matches are not handed over each; the delivery service hears of the position
  // after this many events, or this much time.
  int64_t max_unconfirmed_events = 1'000;
  absl::Duration max_unconfirmed_time = absl::Seconds(5);
  // Between an interruption and the next session.
  absl::Duration min_backoff = absl::Milliseconds(50);
  absl::Duration max_backoff = absl::Seconds(2);
  BatchLimits batch_limits;
};

// Reads the events of a log partition, finds the workflows that they fire, and hands both to the
// delivery service: each event exactly once, in the order of positions.
//
// The delivery service keeps the position up to which the partition is handed over, and moves it by
// compare-and-set in the transaction that stores the deliveries. So nothing here has to be right
// for the hand-over to be exact: after any failure the runner asks where it stands, and goes on
// from there; a second runner of the same partition, in another process that believes that it
// holds the lease, only makes one of the two find itself overtaken.
//
// When the log no longer keeps the next events (retention was shorter than the lag), waiting would
// not bring them back and let more run out. The runner goes on with the earliest event that is
// kept; if a workflow was to fire for some of the events between, it counts all of these as lost
// and logs an error with the positions. A position beyond the head (the ingest database was set
// back) cannot be told from an intact log by the events that follow, so the runner stands still,
// as `interrupted_log_partitions` and the log show, until an operator has decided. It also stands
// still while the criteria of a workflow are not understood (MatchIndex::Build), until a replica of
// the later release has the partition.
//
// Has a thread of its own. All methods are thread-safe.
class PartitionRunner {
 public:
  // Starts. The parts must outlive the runner. `seed` is for the jitter of waits.
  PartitionRunner(int32_t log_partition, const RunnerParts& parts, RunnerOptions options,
                  uint64_t seed);

  // As RequestStop(), and waits for the end: a call that is running finishes first.
  ~PartitionRunner();

  PartitionRunner(const PartitionRunner&) = delete;
  PartitionRunner& operator=(const PartitionRunner&) = delete;

  // Makes the runner end soon, without waiting for it.
  void RequestStop();

  // Whether the thread has done its work, so that destruction does not wait.
  bool stopped() const { return stopped_; }

  // The position up to which everything is evaluated; -1 until the first session has begun.
  int64_t position() const { return evaluated_; }

  // When the last event that was evaluated was accepted; in the infinite past before the first.
  absl::Time accept_time() const {
    const int64_t micros = accept_micros_;
    return micros < 0 ? absl::InfinitePast() : absl::FromUnixMicros(micros);
  }

  // The position up to which everything is handed over; -1 until the first session has begun.
  int64_t confirmed() const { return evaluated_ < 0 ? -1 : confirmed_.load(); }

  int32_t log_partition() const { return log_partition_; }

 private:
  void Run();

  // Works from the delivery service's position on until something fails or stop is requested. OK
  // when it pays to begin anew at once.
  absl::Status RunSession();
  // Where to go on; a producer that never handed anything over begins where it is registered.
  absl::StatusOr<int64_t> Begin();
  absl::StatusOr<std::shared_ptr<EventSubscription>> Subscribe();
  void Unsubscribe();

  absl::Status Evaluate(Frame frame);
  absl::Status HandOverMatches(Frame frame, int64_t last_position);
  absl::Status CheckGapless(const Frame& frame) const;
  absl::Status RefreshCatalog();
  absl::Status HandOver(Batch batch);
  absl::Status ConfirmIfDue();
  absl::Status SkipWhatIsNotKept(int64_t earliest_position);

  void Interrupted(const absl::Status& reason);
  void Recovered();

  absl::Time Deadline() const { return clock_.Now() + options_.call_timeout; }

  const int32_t log_partition_;
  const std::string producer_;
  CatalogStore& catalogs_;
  EventSource& events_;
  DeliverySink& deliveries_;
  MemberChanges member_changes_;
  CapStore& caps_;
  EventPace pace_;  // of the runner's thread alone
  const Clock& clock_;
  EvaluatorMetrics& metrics_;
  const RunnerOptions options_;

  StopSignal stop_;
  absl::Mutex mutex_;
  // For RequestStop() to cancel.
  std::shared_ptr<EventSubscription> subscription_ ABSL_GUARDED_BY(mutex_);

  std::atomic<int64_t> evaluated_ = -1;
  std::atomic<int64_t> accept_micros_ = -1;
  std::atomic<int64_t> confirmed_ = 0;  // what the delivery service knows; at most evaluated_
  std::atomic<bool> stopped_ = false;

  // Of the runner's thread alone.
  Backoff backoff_;
  MatchIndex index_;
  absl::Duration confirm_time_;
  int interruptions_in_a_row_ = 0;

  std::thread thread_;  // last: everything above is there when it starts
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_PARTITION_RUNNER_H_
