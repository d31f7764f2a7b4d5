// The log partitions that this process evaluates.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_PARTITION_SET_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_PARTITION_SET_H_

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/evaluator/domain/partitions/partition_runner.h"

namespace crier::evaluator {

// One PartitionRunner for each leased log partition. Thread-safe. Add() and Remove() do not block,
// as the callbacks of a LeaseKeeper must not.
class PartitionSet {
 public:
  // The parts must outlive the set.
  PartitionSet(const RunnerParts& parts, RunnerOptions options)
      : parts_(parts), options_(options) {}

  // As StopAll().
  ~PartitionSet();

  // The lease was gained: evaluates the partition. A runner of an earlier lease may still be about
  // to end; the two do each other no harm.
  void Add(int32_t log_partition);

  // The lease was lost: makes the runner end soon. Does nothing when there is none.
  void Remove(int32_t log_partition);

  // Ends all runners, lets calls in flight finish, and waits for that.
  void StopAll();

  // Tells the lag behind the heads of all log partitions, and how many communities have to wait.
  void UpdateLag(const std::vector<LogHead>& heads);

  // What is handed over of the partitions that are evaluated here.
  std::vector<LogHead> Confirmed();

  // Clears away runners that have ended; to be called every few seconds.
  void ClearEnded();

 private:
  using Runner = std::unique_ptr<PartitionRunner>;

  const RunnerParts parts_;
  const RunnerOptions options_;

  absl::Mutex mutex_;
  std::map<int32_t, Runner> running_ ABSL_GUARDED_BY(mutex_);
  // When a partition was last seen without events to evaluate, or first seen.
  std::map<int32_t, absl::Time> caught_up_ ABSL_GUARDED_BY(mutex_);
  // Asked to stop, not yet joined. Each is gone within the timeouts of a few calls.
  std::vector<Runner> ending_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_PARTITION_SET_H_
