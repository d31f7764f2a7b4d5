#include "common/http/curl_loop.h"

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/http/test_server.h"
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

// Runs the loop until the transfer is over.
CURLcode Transfer(CurlLoop& loop, CURL* easy) {
  CURLcode result = CURLE_OK;
  bool over = false;
  loop.Add(easy, 1);
  while (!over) {
    loop.RunOnce(absl::Minutes(1));
    loop.TakeDone([&](CURL*, CURLcode code) {
      result = code;
      over = true;
    });
  }
  return result;
}

TEST(CurlLoopTest, TellsOnceThatAPeerHasClosedAConnectionAtRest) {
  absl::Notification may_close;
  TestServer server([&](TestConnection& connection) {
    connection.ReadRequest();
    connection.Write(OkResponse(""));
    may_close.WaitForNotification();
  });
  CurlLoop loop(10);
  CURL* const easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, absl::StrCat("http://127.0.0.1:", server.port()).c_str());

  EXPECT_EQ(Transfer(loop, easy), CURLE_OK);
  may_close.Notify();

  while (loop.RunOnce(absl::Minutes(1)) == 0) {
  }
  EXPECT_EQ(loop.RunOnce(absl::ZeroDuration()), 0);
  EXPECT_EQ(Transfer(loop, easy), CURLE_OK);  // over a new one
  curl_easy_cleanup(easy);
}

}  // namespace
}  // namespace crier::http
