// How fast a community may be sent deliveries.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_SEND_RATE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_SEND_RATE_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace crier::evaluator {

// A bucket for each community, which fills with `per_second` and holds one second's worth. What
// events fire takes from it whether it holds as much or not, and is due when it does; runs take
// what is left, and wait otherwise. Communities are worked on by the replica that leases their log
// partition, so buckets are local. Thread-safe.
class SendRate {
 public:
  // 0 means no limit.
  explicit SendRate(int64_t per_second) : per_second_(per_second) {}

  bool is_unlimited() const { return per_second_ == 0; }
  absl::Duration spacing() const {
    return per_second_ == 0 ? absl::ZeroDuration() : absl::Seconds(1) / per_second_;
  }

  // How many deliveries a run may send the community now; it may take fewer. `now` is monotonic.
  int64_t Allowance(int64_t community, absl::Duration now);

  // So many are sent; what exceeds the allowance is owed.
  void Take(int64_t community, int64_t count, absl::Duration now);

  // One delivery is sent: how long it has to wait.
  absl::Duration Book(int64_t community, absl::Duration now);

  // The bucket is known to be full no sooner than this.
  void Owe(int64_t community, absl::Duration until_full, absl::Duration now);

  // How many communities have deliveries waiting.
  int waiting(absl::Duration now) const;

  // How long until the bucket is full again: when it pays to go on.
  absl::Duration UntilFull(int64_t community, absl::Duration now);

 private:
  struct Bucket {
    double level = 0;
    absl::Duration time;  // of the level
  };

  double LevelAt(const Bucket& bucket, absl::Duration now) const;
  Bucket& Fill(int64_t community, absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int64_t per_second_;
  mutable absl::Mutex mutex_;
  // Those that are not full.
  absl::flat_hash_map<int64_t, Bucket> buckets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_LIMITS_SEND_RATE_H_
