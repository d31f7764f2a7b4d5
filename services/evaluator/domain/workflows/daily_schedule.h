// When daily runs are due. Pure functions of zone rules and times.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_DAILY_SCHEDULE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_DAILY_SCHEDULE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace crier::evaluator {

// A local time of day. A value.
struct DailySchedule {
  // Name in the IANA database, for example `Europe/Berlin`.
  std::string time_zone = "UTC";
  int hours = 0;    // 0 … 23
  int minutes = 0;  // 0 … 59

  friend bool operator==(const DailySchedule& a, const DailySchedule& b) = default;
};

// Whether this machine's database has the zone. Names like `localtime` and `posix/UTC`, which mean
// another zone or none on another machine, and paths do not count.
bool IsTimeZone(absl::string_view name);

// The moment at which a local day's run is due. Where clocks go forward over the time of day, the
// moment at which they do; where they go back and the time comes twice, the first one. Nothing when
// the zone leaves the day out (Samoa had no 30 December 2011).
std::optional<absl::Time> SlotOfDay(const DailySchedule& schedule, absl::CivilDay day);

// The first slot after a moment. Every local day has one slot, so slots are about a day apart.
absl::Time NextSlot(const DailySchedule& schedule, absl::Time after);

// How long a local day is at most, where none is left out: one on which clocks go back.
inline constexpr absl::Duration kLongestDay = absl::Hours(25);

// What is to be done about a schedule at a moment.
struct DueSlot {
  // The slot whose run begins now, the latest of those that were missed; nothing when none is due.
  std::optional<absl::Time> run;
  // When to look again.
  absl::Time next;
};

// `next` is what was stored when the schedule was looked at last: by NextSlot() or this function.
// However many slots have passed since then, one run makes up for all of them, because each run is
// over everything. A `next` beyond the two slots that follow now means that the clock was ahead by
// more than a day and has been set back: it counts for nothing, and slots follow the clock again.
// The second of the two is kept: what ran early, or before the clock stepped back a little, is not
// repeated.
DueSlot LookAtSchedule(const DailySchedule& schedule, absl::Time next, absl::Time now);

// When the local day of a moment began, and when it ends.
struct DayBounds {
  absl::Time begin;
  absl::Time end;
};
DayBounds LocalDay(absl::string_view time_zone, absl::Time now);

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_DAILY_SCHEDULE_H_
