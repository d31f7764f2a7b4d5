#include "common/pg/partition_upkeep.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/log/log.h"
#include "common/status/macros.h"

namespace crier::pg {
namespace {

constexpr absl::Duration kMaintainEvery = absl::Hours(1);
constexpr absl::Duration kAskEvery = absl::Seconds(1);
constexpr absl::Duration kTimeout = absl::Minutes(1);

absl::CivilDay DayOf(absl::Time time) { return absl::ToCivilDay(time, absl::UTCTimeZone()); }

}  // namespace

PartitionUpkeep::PartitionUpkeep(const char* of, const Clock& clock, Maintain maintain)
    : of_(of), clock_(clock), maintain_(std::move(maintain)) {}

absl::Duration PartitionUpkeep::Run() {
  if (!IsDue()) return kAskEvery;
  const absl::Status status = RunNow(absl::Now() + kTimeout);
  if (!status.ok()) {
    // Before the schema is there, this is what waiting for it looks like.
    log::Write(has_run() ? log::Level::kWarning : log::Level::kDebug,
               "partitions could not be maintained", {{"of", of_}, {"status", status}});
  }
  return kAskEvery;
}

absl::Status PartitionUpkeep::RunNow(absl::Time deadline) {
  const absl::Time now = clock_.Now();
  RETURN_IF_ERROR(maintain_(now, deadline));
  absl::MutexLock lock(&mutex_);
  last_ = {DayOf(now), clock_.Monotonic()};
  return absl::OkStatus();
}

bool PartitionUpkeep::has_run() const {
  absl::MutexLock lock(&mutex_);
  return last_.has_value();
}

bool PartitionUpkeep::IsDue() const {
  absl::MutexLock lock(&mutex_);
  if (!last_) return true;
  const absl::CivilDay day = DayOf(clock_.Now());
  return day < last_->day || day > last_->day + 1 ||
         clock_.Monotonic() - last_->monotonic >= kMaintainEvery;
}

}  // namespace crier::pg
