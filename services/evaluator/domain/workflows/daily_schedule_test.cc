#include "services/evaluator/domain/workflows/daily_schedule.h"

#include <map>
#include <vector>

#include "common/base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::evaluator {
namespace {

using testing::ElementsAre;
using testing::Optional;

absl::Time At(const char* text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << text << ": " << error;
  return time;
}

// The schedule as the evaluator keeps it: looked at every so often, by a clock that may step.
class Keeper {
 public:
  Keeper(DailySchedule schedule, absl::Time now)
      : schedule_(std::move(schedule)), clock_(now), next_(NextSlot(schedule_, now)) {}

  // Lets time go on, with a look every quarter of an hour.
  void Walk(absl::Duration time) {
    for (absl::Duration passed; passed < time; passed += absl::Minutes(15)) {
      clock_.Advance(absl::Minutes(15));
      Look();
    }
  }

  void Step(absl::Duration by) {
    clock_.Step(by);
    Look();
  }

  // Nobody looks: every replica is down.
  void Sleep(absl::Duration time) { clock_.Advance(time); }

  void Look() {
    const DueSlot due = LookAtSchedule(schedule_, next_, clock_.Now());
    if (due.run) runs_.push_back(*due.run);
    next_ = due.next;
  }

  const std::vector<absl::Time>& runs() const { return runs_; }

  // How many runs each local day had.
  std::map<absl::CivilDay, int> RunsByDay() const {
    absl::TimeZone zone;
    EXPECT_TRUE(absl::LoadTimeZone(schedule_.time_zone, &zone));
    std::map<absl::CivilDay, int> days;
    for (const absl::Time run : runs_) ++days[absl::ToCivilDay(run, zone)];
    return days;
  }

 private:
  const DailySchedule schedule_;
  FakeClock clock_;
  absl::Time next_;
  std::vector<absl::Time> runs_;
};

TEST(DailyScheduleTest, TheSlotIsTheLocalTime) {
  EXPECT_THAT(SlotOfDay({"Europe/Berlin", 9, 30}, absl::CivilDay(2026, 1, 15)),
              Optional(At("2026-01-15T08:30:00Z")));
  EXPECT_THAT(SlotOfDay({"Europe/Berlin", 9, 30}, absl::CivilDay(2026, 7, 15)),
              Optional(At("2026-07-15T07:30:00Z")));
  EXPECT_THAT(SlotOfDay({"Asia/Kolkata", 0, 0}, absl::CivilDay(2026, 7, 15)),
              Optional(At("2026-07-14T18:30:00Z")));
}

TEST(DailyScheduleTest, WhereClocksGoForwardTheSlotIsThatMoment) {
  // 02:00 → 03:00 at 01:00 UTC.
  EXPECT_THAT(SlotOfDay({"Europe/Berlin", 2, 30}, absl::CivilDay(2026, 3, 29)),
              Optional(At("2026-03-29T01:00:00Z")));
  // 00:00 → 01:00 at 03:00 UTC: midnight itself is left out.
  EXPECT_THAT(SlotOfDay({"America/Sao_Paulo", 0, 0}, absl::CivilDay(2018, 11, 4)),
              Optional(At("2018-11-04T03:00:00Z")));
  // Half an hour only.
  EXPECT_THAT(SlotOfDay({"Australia/Lord_Howe", 2, 15}, absl::CivilDay(2026, 10, 4)),
              Optional(At("2026-10-03T15:30:00Z")));
}

TEST(DailyScheduleTest, WhereClocksGoBackTheSlotIsTheFirstOfTheTwo) {
  EXPECT_THAT(SlotOfDay({"Europe/Berlin", 2, 30}, absl::CivilDay(2026, 10, 25)),
              Optional(At("2026-10-25T00:30:00Z")));
  EXPECT_THAT(SlotOfDay({"America/New_York", 1, 0}, absl::CivilDay(2026, 11, 1)),
              Optional(At("2026-11-01T05:00:00Z")));
}

TEST(DailyScheduleTest, ADayThatAZoneLeavesOutHasNoSlot) {
  const DailySchedule schedule = {"Pacific/Apia", 10, 0};

  EXPECT_EQ(SlotOfDay(schedule, absl::CivilDay(2011, 12, 30)), std::nullopt);
  const absl::Time before = *SlotOfDay(schedule, absl::CivilDay(2011, 12, 29));
  EXPECT_EQ(NextSlot(schedule, before), *SlotOfDay(schedule, absl::CivilDay(2011, 12, 31)));
}

TEST(DailyScheduleTest, TheNextSlotIsAfterTheMomentNotAtIt) {
  const DailySchedule schedule = {"Europe/Berlin", 9, 0};
  const absl::Time slot = At("2026-03-01T08:00:00Z");

  EXPECT_EQ(NextSlot(schedule, slot - absl::Nanoseconds(1)), slot);
  EXPECT_EQ(NextSlot(schedule, slot), At("2026-03-02T08:00:00Z"));
}

TEST(DailyScheduleTest, EveryLocalDayOfFourYearsHasOneSlotInEveryKindOfZone) {
  for (const char* zone : {"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo",
                           "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham",
                           "Africa/Casablanca", "America/St_Johns", "Pacific/Kiritimati"}) {
    for (const int hour : {0, 1, 2, 3, 12, 23}) {
      const DailySchedule schedule = {zone, hour, 30};
      absl::TimeZone loaded;
      ASSERT_TRUE(absl::LoadTimeZone(zone, &loaded)) << zone;
      absl::Time slot = NextSlot(schedule, At("2016-01-01T00:00:00Z"));
      absl::CivilDay day = absl::ToCivilDay(slot, loaded);
      for (int i = 0; i < 4 * 366; ++i) {
        const absl::Time next = NextSlot(schedule, slot);
        ASSERT_EQ(absl::ToCivilDay(next, loaded), day + 1) << zone << " " << hour << " " << day;
        ASSERT_GE(next - slot, absl::Hours(22)) << zone << " " << day;
        ASSERT_LE(next - slot, absl::Hours(26)) << zone << " " << day;
        slot = next;
        ++day;
      }
    }
  }
}

TEST(DailyScheduleTest, RunsOnceADayAcrossChangesOfTheClockAndEndsOfMonths) {
  for (const char* start : {"2026-03-26T12:00:00Z", "2026-10-23T12:00:00Z",  // summer time
                            "2024-02-26T12:00:00Z", "2025-12-29T12:00:00Z"}) {
    Keeper keeper({"Europe/Berlin", 2, 30}, At(start));

    keeper.Walk(absl::Hours(24 * 6));

    EXPECT_EQ(keeper.runs().size(), 6u) << start;
    for (const auto& [day, count] : keeper.RunsByDay()) EXPECT_EQ(count, 1) << start << " " << day;
  }
}

TEST(DailyScheduleTest, MissedSlotsAreMadeUpForByOneRun) {
  Keeper keeper({"UTC", 9, 0}, At("2026-05-01T12:00:00Z"));

  keeper.Sleep(absl::Hours(24 * 10));
  keeper.Look();
  keeper.Look();
  EXPECT_THAT(keeper.runs(), ElementsAre(At("2026-05-11T09:00:00Z")));

  keeper.Walk(absl::Hours(24));
  EXPECT_THAT(keeper.runs(), ElementsAre(At("2026-05-11T09:00:00Z"), At("2026-05-12T09:00:00Z")));
}

TEST(DailyScheduleTest, YearsOfAbsenceAreOneRunToo) {
  Keeper keeper({"America/New_York", 9, 0}, At("1990-05-01T12:00:00Z"));

  keeper.Sleep(absl::Hours(24 * 365 * 36));
  keeper.Look();

  EXPECT_EQ(keeper.runs().size(), 1u);
}

TEST(DailyScheduleTest, AClockThatStepsBackRepeatsNoSlot) {
  Keeper keeper({"UTC", 9, 0}, At("2026-05-01T08:00:00Z"));
  keeper.Walk(absl::Hours(2));

  keeper.Step(-absl::Hours(3));
  keeper.Walk(absl::Hours(4));
  EXPECT_THAT(keeper.runs(), ElementsAre(At("2026-05-01T09:00:00Z")));

  keeper.Walk(absl::Hours(24));
  EXPECT_THAT(keeper.runs(), ElementsAre(At("2026-05-01T09:00:00Z"), At("2026-05-02T09:00:00Z")));
}

TEST(DailyScheduleTest, AClockThatWasFarAheadDoesNotSilenceTheSchedule) {
  Keeper keeper({"UTC", 9, 0}, At("2026-05-01T08:00:00Z"));
  keeper.Step(absl::Hours(24 * 365));
  keeper.Step(-absl::Hours(24 * 365));

  keeper.Walk(absl::Hours(24));

  EXPECT_THAT(keeper.runs(), ElementsAre(At("2027-04-30T09:00:00Z"), At("2026-05-01T09:00:00Z")))
      << "one for the wrong time, then one a day by the right one";
}

TEST(DailyScheduleTest, AClockThatWasDaysAheadSilencesNoDay) {
  for (const int days : {1, 2, 3, 4}) {
    Keeper keeper({"Europe/Berlin", 9, 0}, At("2026-05-01T00:00:00Z"));
    keeper.Step(absl::Hours(24 * days));
    ASSERT_EQ(keeper.runs().size(), 1u) << days;
    keeper.Step(-absl::Hours(24 * days));

    keeper.Walk(absl::Hours(24 * 5));

    // The early run of a clock a day ahead is that of the first day.
    EXPECT_EQ(keeper.runs().size(), days == 1 ? 5u : 6u) << days;
    EXPECT_EQ(keeper.RunsByDay().size(), 5u) << days;
  }
}

TEST(DailyScheduleTest, ASecondMoreOrLessChangesNothing) {
  Keeper keeper({"Europe/Berlin", 9, 0}, At("2026-05-01T00:00:00Z"));
  for (int i = 0; i < 24 * 8; ++i) {
    keeper.Step(absl::Seconds(i % 2 == 0 ? 1 : -1));
    keeper.Walk(absl::Minutes(30));
  }

  EXPECT_EQ(keeper.runs().size(), 4u);
}

TEST(DailyScheduleTest, ALocalDayEndsWhereTheNextBegins) {
  const DayBounds forward = LocalDay("Europe/Berlin", At("2026-03-29T12:00:00Z"));
  EXPECT_EQ(forward.begin, At("2026-03-28T23:00:00Z"));
  EXPECT_EQ(forward.end - forward.begin, absl::Hours(23));

  const DayBounds back = LocalDay("Europe/Berlin", At("2026-10-25T12:00:00Z"));
  EXPECT_EQ(back.end - back.begin, absl::Hours(25));

  const DayBounds before_gap = LocalDay("Pacific/Apia", At("2011-12-29T20:00:00Z"));
  EXPECT_EQ(before_gap.end - before_gap.begin, absl::Hours(24));
  EXPECT_EQ(LocalDay("Pacific/Apia", before_gap.end).begin, before_gap.end);
}

TEST(DailyScheduleTest, KnowsTimeZonesByTheirIanaNames) {
  for (const char* name : {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"}) {
    EXPECT_TRUE(IsTimeZone(name)) << name;
  }
  for (const char* name : {"", "Europe/Atlantis", "localtime", "/etc/localtime", "../UTC",
                           "Fixed/UTC+01:00:00", "europe berlin", "posixrules\n", "posixrules",
                           "posix/Europe/Berlin", "right/Europe/Berlin", "Factory"}) {
    EXPECT_FALSE(IsTimeZone(name)) << name;
  }
}

}  // namespace
}  // namespace crier::evaluator
