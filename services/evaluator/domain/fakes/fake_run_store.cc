#include "services/evaluator/domain/fakes/fake_run_store.h"

#include <algorithm>

#include "services/evaluator/domain/errors.h"

namespace crier::evaluator {

void FakeRunStore::Put(const Workflow& workflow, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  Entry& entry = entries_[{workflow.id.community, workflow.id.id}];
  entry.workflow = workflow;
  if (!HasRuns(workflow.workflow_template) || workflow.state != State::kEnabled) return;
  entry.next_slot = NextSlot(workflow.schedule, now);
  Insert(entry, RunTrigger::kEnable, false, now).IgnoreError();
}

absl::StatusOr<Run> FakeRunStore::Begin(const WorkflowId& id, RunTrigger trigger, bool full_scan,
                                        absl::Time now, absl::Time) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = Find(id);
  if (entry == nullptr) return WorkflowNotFoundError(id);
  if (!HasRuns(entry->workflow.workflow_template)) return WorkflowHasNoRunsError();
  if (entry->workflow.state != State::kEnabled) return WorkflowDisabledError();
  return Insert(*entry, trigger, full_scan, now);
}

absl::StatusOr<Run> FakeRunStore::Get(const RunId& id, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const Run* const run = FindRun(id);
  if (run == nullptr) return RunNotFoundError(id);
  return *run;
}

absl::StatusOr<std::vector<Run>> FakeRunStore::List(const WorkflowId& id, int64_t before, int limit,
                                                    absl::Time) {
  absl::MutexLock lock(&mutex_);
  const Entry* const entry = Find(id);
  if (entry == nullptr) return WorkflowNotFoundError(id);
  std::vector<Run> page;
  for (auto run = entry->runs.rbegin(); run != entry->runs.rend(); ++run) {
    if (run->first < before && static_cast<int>(page.size()) < limit) page.push_back(run->second);
  }
  return page;
}

absl::StatusOr<Run> FakeRunStore::Cancel(const RunId& id, absl::Time now, absl::Time) {
  absl::MutexLock lock(&mutex_);
  Run* const run = FindRun(id);
  if (run == nullptr) return RunNotFoundError(id);
  if (run->state == RunState::kCancelled) return *run;
  if (IsFinished(run->state)) return RunFinishedError(id);
  run->state = RunState::kCancelled;
  run->error = "cancelled by a call";
  run->end_time = now;
  return *run;
}

absl::StatusOr<std::vector<ScheduledWorkflow>> FakeRunStore::Due(
    const std::vector<int32_t>& partitions, absl::Time now, int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<ScheduledWorkflow> due;
  if (std::find(partitions.begin(), partitions.end(), 0) == partitions.end()) return due;
  for (const auto& [key, entry] : entries_) {
    if (entry.next_slot && *entry.next_slot <= now && static_cast<int>(due.size()) < limit) {
      due.push_back({entry.workflow.id, entry.workflow.schedule, *entry.next_slot});
    }
  }
  return due;
}

absl::Status FakeRunStore::TakeSlot(const ScheduledWorkflow& workflow, const DueSlot& due,
                                    absl::Time now, absl::Time) {
  absl::MutexLock lock(&mutex_);
  Entry* const entry = Find(workflow.id);
  if (entry == nullptr || entry->next_slot != workflow.next_slot) return absl::OkStatus();
  entry->next_slot = due.next;
  if (due.run) Insert(*entry, RunTrigger::kSchedule, false, now).IgnoreError();
  return absl::OkStatus();
}

absl::StatusOr<bool> FakeRunStore::Prune(const std::vector<int32_t>&, absl::Time ended_before,
                                         absl::Time) {
  absl::MutexLock lock(&mutex_);
  for (auto& [key, entry] : entries_) {
    std::erase_if(entry.runs, [&](const auto& run) {
      return run.second.end_time && *run.second.end_time < ended_before;
    });
  }
  return false;
}

FakeRunStore::Entry* FakeRunStore::Find(const WorkflowId& id) {
  const auto entry = entries_.find({id.community, id.id});
  const bool exists = entry != entries_.end() && entry->second.workflow.state != State::kDeleted;
  return exists ? &entry->second : nullptr;
}

Run* FakeRunStore::FindRun(const RunId& id) {
  const auto entry = entries_.find({id.workflow.community, id.workflow.id});
  if (entry == entries_.end()) return nullptr;
  const auto run = entry->second.runs.find(id.id);
  return run == entry->second.runs.end() ? nullptr : &run->second;
}

absl::StatusOr<Run> FakeRunStore::Insert(Entry& entry, RunTrigger trigger, bool full_scan,
                                         absl::Time now) {
  for (const auto& [id, run] : entry.runs) {
    if (!IsFinished(run.state)) return RunUnfinishedError(run.id);
  }
  Run run;
  run.id = {entry.workflow.id, ++last_run_};
  run.trigger = trigger;
  run.full_scan_wanted = full_scan;
  run.create_time = now;
  entry.runs[run.id.id] = run;
  return run;
}

}  // namespace crier::evaluator
