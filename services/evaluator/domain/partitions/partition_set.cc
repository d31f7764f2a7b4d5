#include "services/evaluator/domain/partitions/partition_set.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

#include "common/log/log.h"

namespace crier::evaluator {

PartitionSet::~PartitionSet() { StopAll(); }

void PartitionSet::Add(int32_t log_partition) {
  {
    absl::MutexLock lock(&mutex_);
    Runner& runner = running_[log_partition];
    if (runner != nullptr) return;
    runner =
        std::make_unique<PartitionRunner>(log_partition, parts_, options_, std::random_device()());
    parts_.metrics.leased_log_partitions.Set(static_cast<double>(running_.size()));
  }
  log::Info("evaluating a log partition", {{"log_partition", log_partition}});
}

void PartitionSet::Remove(int32_t log_partition) {
  Runner runner;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = running_.find(log_partition);
    if (found == running_.end()) return;
    runner = std::move(found->second);
    running_.erase(found);
    parts_.metrics.leased_log_partitions.Set(static_cast<double>(running_.size()));
  }
  runner->RequestStop();
  log::Info("no longer evaluating a log partition", {{"log_partition", log_partition}});
  absl::MutexLock lock(&mutex_);
  ending_.push_back(std::move(runner));
}

void PartitionSet::StopAll() {
  std::vector<Runner> ended;
  {
    absl::MutexLock lock(&mutex_);
    ended.swap(ending_);
    for (auto& [log_partition, runner] : running_) ended.push_back(std::move(runner));
    running_.clear();
    parts_.metrics.leased_log_partitions.Set(0);
    parts_.metrics.lag_events.Set(0);
    parts_.metrics.lag_seconds.Set(0);
  }
  for (const Runner& runner : ended) runner->RequestStop();
  ended.clear();  // waits for each
}

void PartitionSet::UpdateLag(const std::vector<LogHead>& heads) {
  parts_.metrics.paced_communities.Set(parts_.rate.waiting(parts_.clock.Monotonic()));
  absl::MutexLock lock(&mutex_);
  const absl::Time now = parts_.clock.Now();
  int64_t lag = 0;
  absl::Duration lag_time;
  std::map<int32_t, absl::Time> caught_up;
  for (const LogHead& head : heads) {
    const auto runner = running_.find(head.log_partition);
    if (runner == running_.end()) continue;
    const int64_t position = runner->second->position();
    if (position < 0) continue;
    const int64_t behind = std::max<int64_t>(0, head.position - position);
    lag += behind;
    // The next event is younger than the last that was evaluated, and than the last moment when
    // there was none.
    const auto before = caught_up_.find(head.log_partition);
    absl::Time& since = caught_up[head.log_partition];
    since = behind == 0 || before == caught_up_.end() ? now : before->second;
    lag_time = std::max(lag_time, now - std::max(since, runner->second->accept_time()));
  }
  caught_up_ = std::move(caught_up);
  parts_.metrics.lag_seconds.Set(absl::ToDoubleSeconds(lag_time));
  parts_.metrics.lag_events.Set(static_cast<double>(lag));
}

std::vector<LogHead> PartitionSet::Confirmed() {
  absl::MutexLock lock(&mutex_);
  std::vector<LogHead> positions;
  for (const auto& [log_partition, runner] : running_) {
    const int64_t confirmed = runner->confirmed();
    if (confirmed > 0) positions.push_back({log_partition, confirmed});
  }
  return positions;
}

void PartitionSet::ClearEnded() {
  std::vector<Runner> ended;  // joined after the lock is released
  absl::MutexLock lock(&mutex_);
  const auto first_ended = std::partition(ending_.begin(), ending_.end(),
                                          [](const Runner& runner) { return !runner->stopped(); });
  std::move(first_ended, ending_.end(), std::back_inserter(ended));
  ending_.erase(first_ended, ending_.end());
}

}  // namespace crier::evaluator
