#include "services/ingest/periodic_task.h"

#include <atomic>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace crier::ingest {
namespace {

TEST(PeriodicTask, RunsAtOnceAndAgainAfterThePause) {
  std::atomic<int> runs{0};
  absl::Notification thrice;
  PeriodicTask task([&] {
    if (++runs == 3) thrice.Notify();
    return absl::Milliseconds(1);
  });

  thrice.WaitForNotification();
}

TEST(PeriodicTask, RunsSoonWhenAsked) {
  std::atomic<int> runs{0};
  absl::Notification first, second;
  PeriodicTask task([&] {
    ++runs;
    if (runs == 1) first.Notify();
    if (runs == 2) second.Notify();
    return absl::Hours(1);
  });
  first.WaitForNotification();

  task.RunSoon();

  second.WaitForNotification();
}

TEST(PeriodicTask, EndsWithoutWaitingForThePause) {
  absl::Notification first;
  {
    PeriodicTask task([&] {
      first.Notify();
      return absl::InfiniteDuration();
    });
    first.WaitForNotification();
  }
}

}  // namespace
}  // namespace crier::ingest
