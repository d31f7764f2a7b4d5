// Evaluation as background work: from the first contact with the ingest service to the last lease.
#ifndef CRIER_SERVICES_EVALUATOR_EVALUATION_H_
#define CRIER_SERVICES_EVALUATOR_EVALUATION_H_

#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/stop_signal.h"
#include "common/lease/lease_keeper.h"
#include "common/metrics/metrics.h"
#include "common/pg/lease_store.h"
#include "common/pg/listener.h"
#include "common/pg/pool.h"
#include "services/evaluator/domain/partitions/partition_set.h"
#include "services/evaluator/domain/peers/event_source.h"
#include "services/evaluator/domain/runs/run_workers.h"

namespace crier::evaluator {

// Makes a slot to lease of every log partition, as soon as database and ingest service can be
// asked; then leases them and keeps the partition set and the workers on runs in step. Thread-safe.
class Evaluation {
 public:
  // Everything must outlive the object. `owner` is what the leases are held as; it is different for
  // every start of every replica (lease::NewOwnerName).
  Evaluation(pg::Pool& pool, EventSource& events, PartitionSet& partitions, RunWorkers& runs,
             std::string owner, const Clock& clock, metrics::Registry& metrics);

  // As Stop().
  ~Evaluation();

  // Begins; called once.
  void Start();

  // Gives the leases back and ends the evaluation of their partitions; waits for that. Safe to call
  // twice.
  void Stop();

  // OK once the log partitions are known.
  absl::Status status() const;

 private:
  void Run();
  absl::Status Initialize();
  // Lets the log drop what is handed over.
  void ConfirmPositions();

  pg::Pool& pool_;
  EventSource& events_;
  PartitionSet& partitions_;
  RunWorkers& runs_;
  pg::PgLeaseStore leases_;
  lease::LeaseKeeper keeper_;
  std::optional<pg::Listener> releases_;  // those of other replicas; there is work to take over

  StopSignal stop_;
  mutable absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_EVALUATION_H_
