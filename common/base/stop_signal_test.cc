#include "common/base/stop_signal.h"

#include <thread>

#include "common/base/clock.h"
#include "gtest/gtest.h"

namespace crier {
namespace {

TEST(StopSignalTest, APauseLastsItsTime) {
  StopSignal stop;
  const absl::Duration end = SystemClock().Monotonic() + absl::Milliseconds(2);

  EXPECT_TRUE(stop.Pause(absl::Milliseconds(2)));

  EXPECT_GE(SystemClock().Monotonic(), end);
  EXPECT_FALSE(stop.is_set());
}

TEST(StopSignalTest, SettingItEndsEveryPause) {
  StopSignal stop;
  bool went_on[] = {true, true};
  std::thread first([&] { went_on[0] = stop.Pause(absl::InfiniteDuration()); });
  std::thread second([&] { went_on[1] = stop.Pause(absl::InfiniteDuration()); });

  stop.Set();
  first.join();
  second.join();

  EXPECT_FALSE(went_on[0]);
  EXPECT_FALSE(went_on[1]);
  EXPECT_TRUE(stop.is_set());
}

TEST(StopSignalTest, NobodyPausesOnceItIsSet) {
  StopSignal stop;
  stop.Set();

  EXPECT_FALSE(stop.Pause(absl::InfiniteDuration()));
}

}  // namespace
}  // namespace crier
