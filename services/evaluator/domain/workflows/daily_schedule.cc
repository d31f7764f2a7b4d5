#include "services/evaluator/domain/workflows/daily_schedule.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace crier::evaluator {
namespace {

// No two slots are further apart: a day that is left out, and a change of the clock.
constexpr absl::Duration kFurthestSlot = absl::Hours(72);

absl::TimeZone Zone(absl::string_view name) {
  absl::TimeZone zone;
  // A zone that is gone from the database since it was checked: UTC is never more than a day off.
  return absl::LoadTimeZone(name, &zone) ? zone : absl::UTCTimeZone();
}

// The first moment at which the zone's clocks show this time or a later one.
absl::Time FirstMoment(absl::CivilSecond local, absl::TimeZone zone) {
  const absl::TimeZone::TimeInfo info = zone.At(local);
  return info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
}

bool Exists(absl::CivilDay day, absl::TimeZone zone) {
  return FirstMoment(absl::CivilSecond(day), zone) < FirstMoment(absl::CivilSecond(day + 1), zone);
}

std::optional<absl::Time> SlotIn(const DailySchedule& schedule, absl::CivilDay day,
                                 absl::TimeZone zone) {
  if (!Exists(day, zone)) return std::nullopt;
  return FirstMoment(
      absl::CivilSecond(day.year(), day.month(), day.day(), schedule.hours, schedule.minutes),
      zone);
}

// Files beside the zones, which other machines have otherwise, or not at all.
bool IsOfThisMachine(absl::string_view name) {
  return name == "localtime" || name == "posixrules" || name == "Factory" ||
         absl::StartsWith(name, "posix/") || absl::StartsWith(name, "right/");
}

}  // namespace

bool IsTimeZone(absl::string_view name) {
  if (name.empty() || !absl::ascii_isalpha(name[0]) || IsOfThisMachine(name) ||
      name.find("..") != absl::string_view::npos) {
    return false;
  }
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
  absl::TimeZone zone;
  return plain && absl::LoadTimeZone(name, &zone);
}

std::optional<absl::Time> SlotOfDay(const DailySchedule& schedule, absl::CivilDay day) {
  return SlotIn(schedule, day, Zone(schedule.time_zone));
}

absl::Time NextSlot(const DailySchedule& schedule, absl::Time after) {
  const absl::TimeZone zone = Zone(schedule.time_zone);
  // The day before, because a slot that clocks went over may lie on the next day.
  absl::CivilDay day = absl::ToCivilDay(after, zone) - 1;
  while (true) {
    const std::optional<absl::Time> slot = SlotIn(schedule, day, zone);
    if (slot && *slot > after) return *slot;
    ++day;
  }
}

DueSlot LookAtSchedule(const DailySchedule& schedule, absl::Time next, absl::Time now) {
  const absl::Time after_now = NextSlot(schedule, now);
  if (next > NextSlot(schedule, after_now)) return {std::nullopt, after_now};
  if (next > now) return {std::nullopt, next};
  absl::Time latest = next;
  // From shortly before, however long ago `next` is.
  absl::Time slot = NextSlot(schedule, std::max(next, now - kFurthestSlot));
  while (slot <= now) {
    latest = slot;
    slot = NextSlot(schedule, slot);
  }
  return {latest, after_now};
}

DayBounds LocalDay(absl::string_view time_zone, absl::Time now) {
  const absl::TimeZone zone = Zone(time_zone);
  const absl::CivilDay day = absl::ToCivilDay(now, zone);
  absl::CivilDay next = day + 1;
  while (!Exists(next, zone)) ++next;
  return {FirstMoment(absl::CivilSecond(day), zone), FirstMoment(absl::CivilSecond(next), zone)};
}

}  // namespace crier::evaluator
