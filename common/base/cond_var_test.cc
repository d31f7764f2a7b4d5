#include "common/base/cond_var.h"

#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"

namespace {

// By how many seconds the program takes the wall clock to be ahead of what it is. To the kernel,
// which ends the waits, that is a clock that was set back when they had begun.
std::atomic<int64_t> wall_clock_ahead = 0;

}  // namespace

// Both in place of the C library's.
extern "C" int gettimeofday(timeval* time, void* zone) {
  const auto result = static_cast<int>(syscall(SYS_gettimeofday, time, zone));
  time->tv_sec += wall_clock_ahead;
  return result;
}

extern "C" int clock_gettime(clockid_t clock, timespec* time) {
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  if (clock == CLOCK_REALTIME) time->tv_sec += wall_clock_ahead;
  return result;
}

namespace crier {
namespace {

class CondVarTest : public testing::Test {
 protected:
  ~CondVarTest() override { wall_clock_ahead = 0; }

  absl::Mutex mutex_;
  CondVar changed_;
};

TEST_F(CondVarTest, AClockThatIsSetBackProlongsNoWait) {
  const absl::Time before = absl::Now();
  wall_clock_ahead = 3600;
  ASSERT_GE(absl::Now() - before, absl::Seconds(3600)) << "the program asks another clock";
  absl::MutexLock lock(&mutex_);

  while (!changed_.WaitWithTimeout(&mutex_, absl::Milliseconds(1))) {
  }
  const absl::Duration end = SystemClock().Monotonic() + absl::Milliseconds(1);
  while (!changed_.WaitUntil(&mutex_, end)) {
  }

  EXPECT_GE(SystemClock().Monotonic(), end);
}

TEST_F(CondVarTest, ATimeThatIsOverIsNotWaitedFor) {
  absl::MutexLock lock(&mutex_);

  EXPECT_TRUE(changed_.WaitWithTimeout(&mutex_, -absl::InfiniteDuration()));
  EXPECT_TRUE(changed_.WaitUntil(&mutex_, absl::ZeroDuration()));
}

TEST_F(CondVarTest, ASignalEndsAWaitWithoutEnd) {
  bool begun = false;
  bool said = false;
  std::thread other([&] {
    absl::MutexLock lock(&mutex_);
    begun = true;
    changed_.SignalAll();
    while (!said) EXPECT_FALSE(changed_.WaitWithTimeout(&mutex_, absl::InfiniteDuration()));
  });

  {
    absl::MutexLock lock(&mutex_);
    while (!begun) changed_.Wait(&mutex_);
    said = true;
    changed_.Signal();
  }
  other.join();
}

}  // namespace
}  // namespace crier
