#include "common/rpc/executor.h"

#include <atomic>
#include <memory>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace crier::rpc {
namespace {

TEST(Executor, RunsTasksOnAllItsThreads) {
  auto* const together = new absl::Barrier(3);  // deleted by the last to leave it
  Executor executor({.threads = 3, .queue_capacity = 3});

  for (int i = 0; i < 3; ++i) {
    // Each task waits for all three, so they end only if they run at the same time.
    ASSERT_TRUE(executor.TrySubmit([together] {
      if (together->Block()) delete together;
    }));
  }
}

TEST(Executor, RefusesWhatTheQueueDoesNotHold) {
  absl::Notification busy, release;
  Executor executor({.threads = 1, .queue_capacity = 2});
  ASSERT_TRUE(executor.TrySubmit([&] {
    busy.Notify();
    release.WaitForNotification();
  }));
  busy.WaitForNotification();

  EXPECT_TRUE(executor.TrySubmit([] {}));
  EXPECT_TRUE(executor.TrySubmit([] {}));
  EXPECT_FALSE(executor.TrySubmit([] {}));

  release.Notify();
}

TEST(Executor, RunsWhatItAcceptedBeforeItEnds) {
  std::atomic<int> ran = 0;
  {
    Executor executor({.threads = 2, .queue_capacity = 100});
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(executor.TrySubmit([&ran] { ++ran; }));
  }
  EXPECT_EQ(ran, 100);
}

TEST(Executor, LetsGoOfATaskAsSoonAsItHasRun) {
  absl::Notification released;
  Executor executor({.threads = 1, .queue_capacity = 2});
  auto on_release =
      std::shared_ptr<void>(nullptr, [&released](std::nullptr_t) { released.Notify(); });

  ASSERT_TRUE(executor.TrySubmit([held = std::move(on_release)] {}));

  EXPECT_TRUE(released.WaitForNotificationWithTimeout(absl::Seconds(30)));
}

}  // namespace
}  // namespace crier::rpc
