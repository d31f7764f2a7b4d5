// Looks after the partitions of days, as background work.
#ifndef CRIER_COMMON_PG_PARTITION_UPKEEP_H_
#define CRIER_COMMON_PG_PARTITION_UPKEEP_H_

#include <functional>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace crier::pg {

// Maintains partitions every hour; and at once when the wall clock shows a day that was not near
// when that was done last, because it was stepped, or because the machine slept, for which the
// monotonic clock stands still. Until then rows of that day would be refused. Thread-safe.
class PartitionUpkeep {
 public:
  // As MaintainPartitions(), for one table or several.
  using Maintain = std::function<absl::Status(absl::Time now, absl::Time deadline)>;

  // `of` tells the log what the partitions hold. `clock` must outlive the object.
  PartitionUpkeep(const char* of, const Clock& clock, Maintain maintain);

  // Maintains if it is due; returns after how long to ask again, which costs nothing. Logs why it
  // was not possible.
  absl::Duration Run();

  // Maintains without asking whether it is due.
  absl::Status RunNow(absl::Time deadline);

  // Whether it was done once: there are partitions for the days to come.
  bool has_run() const;

 private:
  struct Upkeep {
    absl::CivilDay day;
    absl::Duration monotonic;
  };

  bool IsDue() const;

  const char* const of_;
  const Clock& clock_;
  const Maintain maintain_;

  mutable absl::Mutex mutex_;
  std::optional<Upkeep> last_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_PARTITION_UPKEEP_H_
