#include "common/metrics/process_collector.h"

#include <fcntl.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace crier::metrics {
namespace {

std::map<std::string, double> Values() {
  std::map<std::string, double> values;
  for (const auto& family : ProcessCollector().Collect()) {
    const bool counter = family.type == prometheus::MetricType::Counter;
    values[family.name] = counter ? family.metric[0].counter.value : family.metric[0].gauge.value;
  }
  return values;
}

TEST(ProcessCollectorTest, TellsWhatThisProcessUses) {
  const std::map<std::string, double> values = Values();

  EXPECT_EQ(values.size(), 7u);
  EXPECT_GE(values.at("process_threads"), 1);
  EXPECT_GT(values.at("process_resident_memory_bytes"), 1e5);
  EXPECT_GT(values.at("process_virtual_memory_bytes"), values.at("process_resident_memory_bytes"));
  EXPECT_GT(values.at("process_max_fds"), values.at("process_open_fds"));
  const double now = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  EXPECT_LT(values.at("process_start_time_seconds"), now + 2);
  EXPECT_GT(values.at("process_start_time_seconds"), now - 3600);
}

TEST(ProcessCollectorTest, CountsFilesAndWork) {
  const std::map<std::string, double> before = Values();
  const int file = open("/dev/null", O_RDONLY);

  std::map<std::string, double> after = Values();
  while (after["process_cpu_seconds_total"] <= before.at("process_cpu_seconds_total")) {
    after = Values();
  }

  EXPECT_EQ(after["process_open_fds"], before.at("process_open_fds") + 1);
  close(file);
}

}  // namespace
}  // namespace crier::metrics
