// When the partitions of days are to be looked after.
#ifndef CRIER_COMMON_PG_PARTITION_UPKEEP_H_
#define CRIER_COMMON_PG_PARTITION_UPKEEP_H_

#include <optional>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace crier::pg {

// Says when MaintainPartitions() is due: every hour; and at once when the wall clock shows a day
// that was not near when it ran last, because it was stepped, or because the machine slept, for
// which the monotonic clock stands still. Until then rows of that day would be refused. Not
// thread-safe.
class PartitionUpkeep {
 public:
  // To be asked this often: it costs nothing.
  static constexpr absl::Duration kAskEvery = absl::Seconds(1);

  // `clock` must outlive the object.
  explicit PartitionUpkeep(const Clock& clock) : clock_(clock) {}

  bool IsDue() const {
    if (!last_) return true;
    const absl::CivilDay day = DayOf(clock_.Now());
    return day < last_->day || day > last_->day + 1 ||
           clock_.Monotonic() - last_->monotonic >= absl::Hours(1);
  }

  // MaintainPartitions() has succeeded at `now`.
  void Done(absl::Time now) { last_ = {DayOf(now), clock_.Monotonic()}; }

 private:
  struct Upkeep {
    absl::CivilDay day;
    absl::Duration monotonic;
  };

  static absl::CivilDay DayOf(absl::Time time) {
    return absl::ToCivilDay(time, absl::UTCTimeZone());
  }

  const Clock& clock_;
  std::optional<Upkeep> last_;
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_PARTITION_UPKEEP_H_
