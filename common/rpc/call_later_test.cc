#include "common/rpc/call_later.h"

#include "absl/synchronization/notification.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"

namespace crier::rpc {
namespace {

TEST(CallLater, CallsOnceTheTimeIsOver) {
  constexpr absl::Duration kDelay = absl::Milliseconds(50);
  const absl::Duration start = SystemClock().Monotonic();
  absl::Duration called;
  absl::Notification done;

  CallLater(kDelay, [&] {
    called = SystemClock().Monotonic();
    done.Notify();
  });

  done.WaitForNotification();
  EXPECT_GE(called - start, kDelay);
}

}  // namespace
}  // namespace crier::rpc
