#include "common/base/periodic_task.h"

#include <atomic>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace crier {
namespace {

TEST(PeriodicTaskTest, WorksAtOnceAndAgainWhenAsked) {
  absl::Notification first, second;
  std::atomic<int> runs = 0;
  PeriodicTask task([&] {
    const int run = ++runs;
    if (run == 1) first.Notify();
    if (run == 2) second.Notify();
    return absl::Hours(1);
  });
  first.WaitForNotification();

  task.RunSoon();

  second.WaitForNotification();
}

TEST(PeriodicTaskTest, WorksAgainAfterThePause) {
  absl::Notification third;
  std::atomic<int> runs = 0;
  PeriodicTask task([&] {
    if (++runs == 3) third.Notify();
    return absl::Milliseconds(1);
  });

  third.WaitForNotification();
}

}  // namespace
}  // namespace crier
