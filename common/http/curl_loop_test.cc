#include "common/http/curl_loop.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace crier::http {
namespace {

TEST(EpollTimeoutTest, RoundsUpSoThatTheWaitIsOver) {
  EXPECT_EQ(CurlLoop::EpollTimeout(absl::Microseconds(1)), 1);
  EXPECT_EQ(CurlLoop::EpollTimeout(absl::Milliseconds(20)), 20);
  EXPECT_EQ(CurlLoop::EpollTimeout(absl::Microseconds(20'001)), 21);
}

TEST(EpollTimeoutTest, DoesNotWaitForWhatIsOver) {
  EXPECT_EQ(CurlLoop::EpollTimeout(absl::ZeroDuration()), 0);
  EXPECT_EQ(CurlLoop::EpollTimeout(-absl::Seconds(1)), 0);
  EXPECT_EQ(CurlLoop::EpollTimeout(-absl::InfiniteDuration()), 0);
}

// Zero here would make an idle client spin.
TEST(EpollTimeoutTest, WaitsAMinuteWhenThereIsNothingToWaitFor) {
  EXPECT_EQ(CurlLoop::EpollTimeout(absl::InfiniteDuration()), 60'000);
  EXPECT_EQ(CurlLoop::EpollTimeout(absl::Hours(5)), 60'000);
}

}  // namespace
}  // namespace crier::http
