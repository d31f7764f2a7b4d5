#include "common/metrics/metrics.h"

#include <curl/curl.h>
#include <prometheus/text_serializer.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string TextOf(const Registry& registry) {
  return prometheus::TextSerializer().Serialize(registry.registry()->Collect());
}

TEST(RegistryTest, MakesTheThreeKinds) {
  Registry registry;

  registry.Counter("crier_test_events_total", "Events.", {{"result", "ok"}}).Increment(2);
  registry.Gauge("crier_test_queue_items", "Items that wait.").Set(3);
  registry.Histogram("crier_test_duration_seconds", "Time.", {0.1, 1}).Observe(0.5);

  const std::string text = TextOf(registry);
  EXPECT_THAT(text, HasSubstr("# HELP crier_test_events_total Events.\n"
                              "# TYPE crier_test_events_total counter\n"
                              "crier_test_events_total{result=\"ok\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("crier_test_queue_items 3\n"));
  EXPECT_THAT(text, HasSubstr("crier_test_duration_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("crier_test_duration_seconds_bucket{le=\"1\"} 1\n"));
}

TEST(RegistryTest, SameNameAndLabelsAreTheSameMetric) {
  Registry registry;

  prometheus::Counter& ok = registry.Counter("crier_test_total", "Help.", {{"result", "ok"}});
  prometheus::Counter& again = registry.Counter("crier_test_total", "Help.", {{"result", "ok"}});
  prometheus::Counter& other = registry.Counter("crier_test_total", "Help.", {{"result", "bad"}});

  EXPECT_EQ(&ok, &again);
  EXPECT_NE(&ok, &other);
}

TEST(RegistryTest, LatencyBucketsAscendFromOneMillisecondToOneMinute) {
  EXPECT_EQ(LatencyBuckets().front(), 0.001);
  EXPECT_EQ(LatencyBuckets().back(), 60);
  EXPECT_TRUE(std::is_sorted(LatencyBuckets().begin(), LatencyBuckets().end()));
}

TEST(RegistryDeathTest, MalformedNamesEndTheProcess) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(Registry().Counter("not a name", "Help."), "");
}

struct Page {
  long status = 0;
  std::string body;
};

size_t AppendBody(char* bytes, size_t size, size_t count, void* body) {
  static_cast<std::string*>(body)->append(bytes, size * count);
  return size * count;
}

Page Get(const std::string& url) {
  Page page;
  CURL* const curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, AppendBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &page.body);
  if (curl_easy_perform(curl) == CURLE_OK) {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &page.status);
  }
  curl_easy_cleanup(curl);
  return page;
}

TEST(ExposerTest, ServesTheMetricsOnThePortThatItBound) {
  Registry registry;
  prometheus::Counter& counter = registry.Counter("crier_test_total", "Help.");
  const auto exposer = Exposer::Start("127.0.0.1:0", registry);
  ASSERT_TRUE(exposer.ok()) << exposer.status();
  ASSERT_GT((*exposer)->port(), 0);
  const std::string root = absl::StrCat("http://127.0.0.1:", (*exposer)->port());

  counter.Increment();
  const Page page = Get(absl::StrCat(root, "/metrics"));

  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("crier_test_total 1\n"));
  EXPECT_EQ(Get(absl::StrCat(root, "/")).status, 404);
}

TEST(ExposerTest, StopsWhenDestroyed) {
  Registry registry;
  auto exposer = Exposer::Start("127.0.0.1:0", registry);
  ASSERT_TRUE(exposer.ok()) << exposer.status();
  const std::string url = absl::StrCat("http://127.0.0.1:", (*exposer)->port(), "/metrics");

  exposer->reset();

  EXPECT_EQ(Get(url).status, 0);
}

TEST(ExposerTest, SaysWhichAddressIsTaken) {
  Registry registry;
  const auto first = Exposer::Start("127.0.0.1:0", registry);
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string address = absl::StrCat("127.0.0.1:", (*first)->port());

  const auto second = Exposer::Start(address, registry);

  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
}

TEST(ExposerTest, RefusesWhatIsNoAddress) {
  Registry registry;
  for (const std::string address : {"", "9400", ":9400", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                                    "127.0.0.1:65536", "127.0.0.1:0s", "127.0.0.1:0,127.0.0.1:0"}) {
    const auto exposer = Exposer::Start(address, registry);
    EXPECT_EQ(exposer.status().code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(std::string(exposer.status().message()), HasSubstr(address));
  }
}

}  // namespace
}  // namespace crier::metrics
