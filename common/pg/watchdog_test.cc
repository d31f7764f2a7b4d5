#include "common/pg/watchdog.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace crier::pg {
namespace {

// Two ends of a connection, of which the first is watched.
class WatchdogTest : public testing::Test {
 protected:
  WatchdogTest() { ok_ = ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) == 0; }
  ~WatchdogTest() override {
    for (const int end : ends_) ::close(end);
  }

  void SetUp() override { ASSERT_TRUE(ok_); }

  // Waits for an answer that never comes; returns when the connection has been cut.
  void WaitInVain() {
    char byte = 0;
    EXPECT_EQ(::read(ends_[0], &byte, 1), 0);
  }

  bool ok_ = false;
  std::array<int, 2> ends_{-1, -1};
  Watchdog watchdog_;
};

TEST_F(WatchdogTest, CutsWhatIsLate) {
  const Watchdog::Guard guard(watchdog_, ends_[0], absl::Now());
  WaitInVain();
}

TEST_F(WatchdogTest, SomethingLaterDoesNotKeepItFromWhatIsDueBefore) {
  { const Watchdog::Guard over(watchdog_, ends_[0], absl::Now() + absl::Hours(2)); }
  const Watchdog::Guard later(watchdog_, ends_[1], absl::Now() + absl::Hours(1));
  const Watchdog::Guard guard(watchdog_, ends_[0], absl::Now());
  WaitInVain();
}

TEST_F(WatchdogTest, WhatIsOverIsNotCut) {
  std::array<int, 2> others{-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, others.data()), 0);
  { const Watchdog::Guard over(watchdog_, others[0], absl::Now()); }
  const Watchdog::Guard guard(watchdog_, ends_[0], absl::Now());
  WaitInVain();
  EXPECT_EQ(::send(others[0], "x", 1, MSG_NOSIGNAL), 1);
  for (const int end : others) ::close(end);
}

}  // namespace
}  // namespace crier::pg
