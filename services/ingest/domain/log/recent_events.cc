#include "services/ingest/domain/log/recent_events.h"

#include <utility>

namespace crier::ingest {

void RecentEvents::Partition::DropFirst() {
  bytes -= entries.front().bytes.size();
  entries.pop_front();
}

void RecentEvents::Add(std::vector<LoggedEvent> events) {
  const absl::Duration now = clock_.Monotonic();
  absl::MutexLock lock(&mutex_);
  for (LoggedEvent& event : events) {
    Partition& partition = partitions_[event.log_partition];
    // Of two commits, the second may be here first.
    if (event.position <= partition.last_position) continue;
    if (event.position != partition.last_position + 1) {
      partition.entries.clear();
      partition.bytes = 0;
    }
    partition.last_position = event.position;
    partition.bytes += event.bytes.size();
    partition.entries.push_back({std::move(event.bytes), now});
    while (partition.bytes > kMaxBytesOfPartition) partition.DropFirst();
  }
}

void RecentEvents::Clear() {
  absl::MutexLock lock(&mutex_);
  for (auto& [log_partition, partition] : partitions_) {
    partition.entries.clear();
    partition.bytes = 0;
  }
}

std::optional<LogRead> RecentEvents::Read(int32_t log_partition, int64_t after_position,
                                          const ReadLimits& limits) {
  const absl::Duration oldest = clock_.Monotonic() - kMaxAge;
  absl::MutexLock lock(&mutex_);
  const auto found = partitions_.find(log_partition);
  if (found == partitions_.end()) return std::nullopt;
  Partition& partition = found->second;
  while (!partition.entries.empty() && partition.entries.front().added < oldest) {
    partition.DropFirst();
  }
  const int64_t held = static_cast<int64_t>(partition.entries.size());
  const int64_t wanted = partition.last_position - after_position;
  if (wanted <= 0 || wanted > held) return std::nullopt;

  LogRead read;
  read.head = partition.last_position;
  int64_t bytes = 0;
  for (auto entry = partition.entries.end() - wanted; entry != partition.entries.end(); ++entry) {
    bytes += static_cast<int64_t>(entry->bytes.size());
    const bool full = static_cast<int64_t>(read.events.size()) == limits.max_events ||
                      (bytes > limits.max_bytes && !read.events.empty());
    if (full) break;
    read.events.push_back(entry->bytes);
  }
  return read;
}

}  // namespace crier::ingest
