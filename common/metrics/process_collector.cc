#include "common/metrics/process_collector.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace crier::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Fields of /proc/self/stat by their numbers in proc(5); those before 3, of which the second may
// hold any character, are left out.
class Stat {
 public:
  Stat() {
    const std::string text = ReadFile("/proc/self/stat");
    const size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return;
    fields_ = absl::StrSplit(text.substr(name_end + 1), ' ', absl::SkipWhitespace());
  }

  std::optional<double> Field(size_t number) const {
    const size_t index = number - 3;
    double value;
    if (index >= fields_.size() || !absl::SimpleAtod(fields_[index], &value)) return std::nullopt;
    return value;
  }

 private:
  std::vector<std::string> fields_;
};

std::optional<double> BootTimeSeconds() {
  for (const absl::string_view line : absl::StrSplit(ReadFile("/proc/stat"), '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    double value;
    if (words.size() == 2 && words[0] == "btime" && absl::SimpleAtod(words[1], &value)) {
      return value;
    }
  }
  return std::nullopt;
}

std::optional<double> CountOpenFiles() {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return std::nullopt;
  int count = -3;  // `.`, `..` and the folder itself
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

std::optional<double> MaxOpenFiles() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

std::optional<double> Times(std::optional<double> a, double b) {
  return a ? std::optional<double>(*a * b) : std::nullopt;
}

std::optional<double> Plus(std::optional<double> a, std::optional<double> b) {
  return a && b ? std::optional<double>(*a + *b) : std::nullopt;
}

void Add(std::vector<MetricFamily>& families, const char* name, const char* help, MetricType type,
         std::optional<double> value) {
  if (!value) return;
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  ClientMetric metric;
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = *value;
  family.metric.push_back(metric);
  families.push_back(std::move(family));
}

}  // namespace

std::vector<MetricFamily> ProcessCollector::Collect() const {
  const Stat stat;
  const double second_per_tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));

  std::vector<MetricFamily> families;
  Add(families, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
      MetricType::Counter, Times(Plus(stat.Field(14), stat.Field(15)), second_per_tick));
  Add(families, "process_start_time_seconds",
      "Start time of the process since unix epoch in seconds.", MetricType::Gauge,
      Plus(BootTimeSeconds(), Times(stat.Field(22), second_per_tick)));
  Add(families, "process_resident_memory_bytes", "Resident memory size in bytes.",
      MetricType::Gauge, Times(stat.Field(24), page_bytes));
  Add(families, "process_virtual_memory_bytes", "Virtual memory size in bytes.", MetricType::Gauge,
      stat.Field(23));
  Add(families, "process_threads", "Number of threads of the process.", MetricType::Gauge,
      stat.Field(20));
  Add(families, "process_open_fds", "Number of open file descriptors.", MetricType::Gauge,
      CountOpenFiles());
  Add(families, "process_max_fds", "Maximum number of open file descriptors.", MetricType::Gauge,
      MaxOpenFiles());
  return families;
}

}  // namespace crier::metrics
