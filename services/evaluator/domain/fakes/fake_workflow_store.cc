#include "services/evaluator/domain/fakes/fake_workflow_store.h"

#include <algorithm>
#include <optional>
#include <set>

#include "common/status/macros.h"
#include "services/evaluator/domain/errors.h"

namespace crier::evaluator {

absl::StatusOr<Workflow> FakeWorkflowStore::Create(const NewWorkflow& workflow, absl::Time now,
                                                   absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const std::optional<Workflow> earlier,
                   Find(workflow.community, workflow.request_id));
  if (earlier) return *earlier;
  RETURN_IF_ERROR(CheckRoomIn(workflow.community));

  Workflow created;
  created.id = {workflow.community, ++last_id_};
  created.display_name = workflow.display_name;
  created.workflow_template = workflow.workflow_template;
  created.webhook = workflow.webhook;
  created.filter = workflow.filter;
  created.schedule = workflow.schedule;
  created.max_deliveries_per_day = workflow.max_deliveries_per_day;
  created.create_time = now;
  created.update_time = now;
  created.version = 1;
  const Key key(created.id.community, created.id.id);
  workflows_[key] = created;
  if (!workflow.request_id.empty()) request_ids_[{workflow.community, workflow.request_id}] = key;
  return created;
}

absl::Status FakeWorkflowStore::CheckRoom(int64_t community, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  return CheckRoomIn(community);
}

absl::Status FakeWorkflowStore::CheckRoomIn(int64_t community) {
  const auto count = std::count_if(workflows_.begin(), workflows_.end(), [&](const auto& entry) {
    return entry.first.first == community && entry.second.state != State::kDeleted;
  });
  return count >= kMaxWorkflowsPerCommunity ? TooManyWorkflowsError() : absl::OkStatus();
}

absl::StatusOr<std::optional<Workflow>> FakeWorkflowStore::FindByRequestId(
    int64_t community, absl::string_view request_id, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  return Find(community, request_id);
}

absl::StatusOr<Workflow> FakeWorkflowStore::Get(const WorkflowId& id, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const auto found = workflows_.find({id.community, id.id});
  if (found == workflows_.end() || found->second.state == State::kDeleted) {
    return WorkflowNotFoundError(id);
  }
  return found->second;
}

absl::StatusOr<std::vector<Workflow>> FakeWorkflowStore::List(int64_t community, int64_t after,
                                                              int limit, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  std::vector<Workflow> page;
  for (auto entry = workflows_.upper_bound({community, after});
       entry != workflows_.end() && entry->first.first == community &&
       page.size() < static_cast<size_t>(limit);
       ++entry) {
    if (entry->second.state != State::kDeleted) page.push_back(entry->second);
  }
  return page;
}

absl::StatusOr<std::vector<WebhookId>> FakeWorkflowStore::EnabledWebhooks(const WebhookId& after,
                                                                          int limit,
                                                                          absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  std::set<Key> webhooks;
  for (const auto& [key, workflow] : workflows_) {
    if (workflow.state == State::kEnabled) webhooks.insert({key.first, workflow.webhook});
  }
  std::vector<WebhookId> page;
  for (auto next = webhooks.upper_bound({after.community, after.id});
       next != webhooks.end() && page.size() < static_cast<size_t>(limit); ++next) {
    page.push_back({next->first, next->second});
  }
  return page;
}

absl::StatusOr<std::vector<WorkflowId>> FakeWorkflowStore::EnabledSenders(const WebhookId& webhook,
                                                                          absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  std::vector<WorkflowId> senders;
  for (const auto& [key, workflow] : workflows_) {
    if (key.first == webhook.community && workflow.webhook == webhook.id &&
        workflow.state == State::kEnabled) {
      senders.push_back(workflow.id);
    }
  }
  return senders;
}

absl::StatusOr<Workflow> FakeWorkflowStore::Change(
    const WorkflowId& id, const LogHead& head, const std::function<absl::Status(Workflow&)>& change,
    absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const auto found = workflows_.find({id.community, id.id});
  if (found == workflows_.end() || found->second.state == State::kDeleted) {
    return WorkflowNotFoundError(id);
  }
  Workflow after = found->second;
  RETURN_IF_ERROR(change(after));
  if (after == found->second) return after;
  ++after.version;
  Apply(found->second, after, head);
  found->second = after;
  return after;
}

void FakeWorkflowStore::Apply(const Workflow& before, const Workflow& after, const LogHead& head) {
  std::vector<Revision>& revisions = revisions_[head.log_partition];
  int64_t last_boundary = 0;
  Revision* open = nullptr;
  for (Revision& revision : revisions) {
    if (!(revision.workflow == after.id)) continue;
    last_boundary = std::max({last_boundary, revision.from_position,
                              revision.until_position.value_or(revision.from_position)});
    if (!revision.until_position) open = &revision;
  }
  const Transition transition = MakeTransition(before, after, head.position, last_boundary);
  if (transition.close_at) open->until_position = *transition.close_at;
  if (transition.open_from) {
    revisions.push_back({after.id, after.workflow_template, after.webhook, after.display_name,
                         after.filter, *transition.open_from, std::nullopt,
                         after.max_deliveries_per_day, after.schedule.time_zone});
  }
  std::erase_if(revisions, [](const Revision& revision) {
    return revision.until_position == revision.from_position;
  });
  ++versions_[head.log_partition];
}

absl::StatusOr<int64_t> FakeWorkflowStore::Version(int32_t log_partition, absl::Time deadline) {
  if (NextFault(faults_) != Fault::kNone) return FaultStatus();
  absl::MutexLock lock(&mutex_);
  return versions_[log_partition];
}

absl::StatusOr<Catalog> FakeWorkflowStore::Load(int32_t log_partition, int64_t passed_position,
                                                absl::Time deadline) {
  if (NextFault(faults_) != Fault::kNone) return FaultStatus();
  absl::MutexLock lock(&mutex_);
  std::vector<Revision>& revisions = revisions_[log_partition];
  std::erase_if(revisions, [&](const Revision& revision) {
    return revision.until_position && *revision.until_position <= passed_position;
  });
  return Catalog(versions_[log_partition], revisions);
}

absl::StatusOr<std::optional<Workflow>> FakeWorkflowStore::Find(int64_t community,
                                                                absl::string_view request_id) {
  const auto found = request_ids_.find({community, std::string(request_id)});
  if (request_id.empty() || found == request_ids_.end()) return std::optional<Workflow>();
  const Workflow& workflow = workflows_.at(found->second);
  if (workflow.state == State::kDeleted) return RequestIdSpentError();
  return std::optional<Workflow>(workflow);
}

}  // namespace crier::evaluator
