#include "services/evaluator/domain/runs/run_workers.h"

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/log/log.h"
#include "services/evaluator/domain/workflows/daily_schedule.h"

namespace crier::evaluator {
namespace {

// Slots that one look at the calendar takes.
constexpr int kSlotsAtOnce = 500;
constexpr absl::Duration kPruneEvery = absl::Minutes(10);

}  // namespace

RunWorkers::RunWorkers(RunStore& runs, PageStore& pages, RunExecutor& executor, std::string owner,
                       const Clock& clock, RunWorkerOptions options)
    : runs_(runs),
      pages_(pages),
      executor_(executor),
      owner_(std::move(owner)),
      clock_(clock),
      options_(options) {}

RunWorkers::~RunWorkers() { Stop(); }

void RunWorkers::Start() {
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { RunWorker(); });
  threads_.emplace_back([this] { RunCalendar(); });
}

void RunWorkers::Stop() {
  stop_.Set();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void RunWorkers::Add(const lease::Lease& lease) {
  absl::MutexLock lock(&mutex_);
  leases_[lease.slot] = lease;
}

void RunWorkers::Remove(const lease::Lease& lease) {
  absl::MutexLock lock(&mutex_);
  const auto held = leases_.find(lease.slot);
  if (held != leases_.end() && held->second == lease) leases_.erase(held);
}

void RunWorkers::RunWorker() {
  while (!stop_.is_set()) {
    const std::optional<Work> work = TakeWork();
    if (!work) {
      if (!stop_.Pause(options_.poll)) return;
      continue;
    }
    const bool go_on = executor_.Work(work->fence, work->workflow,
                                      [&] { return stop_.is_set() || !Holds(work->fence.lease); });
    const Key key = {work->workflow.community, work->workflow.id};
    absl::MutexLock lock(&mutex_);
    busy_.erase(key);
    if (!go_on) resting_[key] = clock_.Monotonic() + options_.rest;
  }
}

std::optional<RunWorkers::Work> RunWorkers::TakeWork() {
  absl::MutexLock looking(&looking_);
  // Of so many, one at least is wanted, if there is one.
  const int limit = CountUnwanted() + 1;
  const auto ready = pages_.FindReady(partitions(), clock_.Now(), limit, Deadline());
  if (!ready.ok()) {
    log::Warning("runs could not be looked for", {{"status", ready.status()}});
    return std::nullopt;
  }
  absl::MutexLock lock(&mutex_);
  for (const PageStore::Ready& one : *ready) {
    const auto lease = leases_.find(one.log_partition);
    if (lease == leases_.end()) continue;
    const Key key = {one.workflow.community, one.workflow.id};
    if (resting_.contains(key) || !busy_.insert(key).second) continue;
    return Work{one.workflow, {owner_, lease->second}};
  }
  return std::nullopt;
}

int RunWorkers::CountUnwanted() {
  const absl::Duration now = clock_.Monotonic();
  absl::MutexLock lock(&mutex_);
  std::erase_if(resting_, [now](const auto& entry) { return entry.second <= now; });
  return static_cast<int>(busy_.size() + resting_.size());
}

void RunWorkers::RunCalendar() {
  do {
    BeginDueRuns();
    if (clock_.Monotonic() >= next_prune_) Prune();
  } while (stop_.Pause(options_.poll));
}

void RunWorkers::BeginDueRuns() {
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
  const auto due = runs_.Due(partitions(), now, kSlotsAtOnce, Deadline());
  if (!due.ok()) {
    log::Warning("daily runs could not be looked for", {{"status", due.status()}});
    return;
  }
  for (const ScheduledWorkflow& workflow : *due) {
    if (stop_.is_set()) return;
    const DueSlot slot = LookAtSchedule(workflow.schedule, workflow.next_slot, now);
    if (!slot.run && slot.next == workflow.next_slot) continue;
    const absl::Status taken = runs_.TakeSlot(workflow, slot, now, Deadline());
    if (!taken.ok()) log::Warning("a daily run could not be begun", {{"status", taken}});
  }
}

void RunWorkers::Prune() {
  next_prune_ = clock_.Monotonic() + kPruneEvery;
  bool more = true;
  while (more && !stop_.is_set()) {
    const auto pruned = runs_.Prune(partitions(), clock_.Now() - options_.retention, Deadline());
    if (!pruned.ok()) log::Warning("old runs could not be removed", {{"status", pruned.status()}});
    more = pruned.ok() && *pruned;
  }
}

bool RunWorkers::Holds(const lease::Lease& lease) const {
  absl::MutexLock lock(&mutex_);
  const auto held = leases_.find(lease.slot);
  return held != leases_.end() && held->second == lease;
}

std::vector<int32_t> RunWorkers::partitions() const {
  absl::MutexLock lock(&mutex_);
  std::vector<int32_t> partitions;
  for (const auto& [partition, lease] : leases_) partitions.push_back(partition);
  return partitions;
}

absl::Time RunWorkers::Deadline() const { return absl::Now() + options_.call_timeout; }

}  // namespace crier::evaluator
