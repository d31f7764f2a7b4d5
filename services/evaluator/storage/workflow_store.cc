#include "services/evaluator/storage/workflow_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/domain/workflows/revision.h"
#include "services/evaluator/storage/cap_sql.h"
#include "services/evaluator/storage/run_transition.h"
#include "services/evaluator/storage/workflow_sql.h"

namespace crier::evaluator::storage {
namespace {

using pg::Params;
using pg::Rows;
using pg::Transaction;

// The numbers of the enums are those of the tables.
int32_t Number(Template workflow_template) { return static_cast<int32_t>(workflow_template); }
int32_t Number(State state) { return static_cast<int32_t>(state); }

absl::StatusOr<Template> ReadTemplate(int32_t number) {
  switch (static_cast<Template>(number)) {
    case Template::kNewMember:
    case Template::kNewOrganization:
    case Template::kNewActivity:
    case Template::kMembersThatMeetCriteria:
      return static_cast<Template>(number);
  }
  return absl::InternalError(
      absl::StrCat("stored template ", number, " is unknown to this release"));
}

// The fifteen columns that every statement about workflows returns.
absl::StatusOr<Workflow> ReadWorkflow(const Rows::Row& row) {
  Workflow workflow;
  workflow.id = {row.Int64(0), row.Int64(1)};
  ASSIGN_OR_RETURN(workflow.workflow_template, ReadTemplate(row.Int32(2)));
  workflow.display_name = row.Text(3);
  workflow.webhook = row.Int64(4);
  workflow.state = static_cast<State>(row.Int32(5));
  workflow.create_time = row.Time(6);
  workflow.update_time = row.Time(7);
  workflow.version = row.Int64(8);
  workflow.filter = row.Text(9);
  workflow.stop_reason = static_cast<StopReason>(row.Int32(10));
  workflow.schedule = {row.Text(11), row.Int32(12), row.Int32(13)};
  workflow.max_deliveries_per_day = row.Int64(14);
  return workflow;
}

absl::StatusOr<Revision> ReadRevision(const Rows::Row& row) {
  Revision revision;
  revision.workflow = {row.Int64(0), row.Int64(1)};
  ASSIGN_OR_RETURN(revision.workflow_template, ReadTemplate(row.Int32(2)));
  revision.webhook = row.Int64(3);
  revision.display_name = row.Text(4);
  revision.from_position = row.Int64(5);
  revision.until_position = row.OptionalInt64(6);
  revision.filter = row.Text(7);
  revision.max_deliveries_per_day = row.Int64(8);
  revision.time_zone = row.Text(9);
  return revision;
}

Params Key(const WorkflowId& id) { return Params().Add(id.community).Add(id.id); }

// The ids that a statement returns: community and number.
absl::StatusOr<std::vector<api::ResourceId>> ReadIds(pg::Pool& pool, const pg::Statement& statement,
                                                     const Params& params, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool.Read(deadline, statement, params));
  std::vector<api::ResourceId> ids;
  for (const Rows::Row row : rows) ids.push_back({row.Int64(0), row.Int64(1)});
  return ids;
}

absl::StatusOr<std::optional<Workflow>> Find(Transaction& transaction, int64_t community,
                                             absl::string_view request_id) {
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kFindByRequestId, Params().Add(community).Add(request_id)));
  if (rows.empty()) return std::optional<Workflow>();
  ASSIGN_OR_RETURN(Workflow workflow, ReadWorkflow(rows[0]));
  if (workflow.state == State::kDeleted) return RequestIdSpentError();
  return std::optional<Workflow>(std::move(workflow));
}

absl::Status CheckCount(Transaction& transaction, int64_t community) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kCountWorkflows, Params().Add(community)));
  if (rows[0].Int64(0) >= kMaxWorkflowsPerCommunity) return TooManyWorkflowsError();
  return absl::OkStatus();
}

// Nothing when the request id is taken.
absl::StatusOr<std::optional<Workflow>> Insert(Transaction& transaction,
                                               const NewWorkflow& workflow, absl::Time now) {
  Params params;
  params.Add(workflow.community)
      .Add(Number(workflow.workflow_template))
      .Add(workflow.display_name)
      .Add(workflow.webhook);
  workflow.request_id.empty() ? params.AddNull() : params.Add(workflow.request_id);
  params.Add(now)
      .Add(workflow.filter)
      .Add(workflow.schedule.time_zone)
      .Add(workflow.schedule.hours)
      .Add(workflow.schedule.minutes)
      .Add(workflow.max_deliveries_per_day);
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kInsertWorkflow, params));
  if (rows.empty()) return std::optional<Workflow>();
  ASSIGN_OR_RETURN(Workflow created, ReadWorkflow(rows[0]));
  return std::optional<Workflow>(std::move(created));
}

absl::StatusOr<Workflow> CreateIn(Transaction& transaction, const NewWorkflow& workflow,
                                  absl::Time now) {
  // A repeated call succeeds even if the community is full by now.
  if (!workflow.request_id.empty()) {
    ASSIGN_OR_RETURN(std::optional<Workflow> earlier,
                     Find(transaction, workflow.community, workflow.request_id));
    if (earlier) return *std::move(earlier);
  }
  RETURN_IF_ERROR(CheckCount(transaction, workflow.community));
  ASSIGN_OR_RETURN(std::optional<Workflow> created, Insert(transaction, workflow, now));
  if (created) return *std::move(created);

  // Another call with the request id has committed since we looked.
  ASSIGN_OR_RETURN(created, Find(transaction, workflow.community, workflow.request_id));
  if (!created) return absl::InternalError("the request id was taken and is free again");
  return *std::move(created);
}

absl::StatusOr<Workflow> Lock(Transaction& transaction, const WorkflowId& id) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLockWorkflow, Key(id)));
  if (rows.empty()) return WorkflowNotFoundError(id);
  return ReadWorkflow(rows[0]);
}

// The row of a deleted workflow stays, for its request id and its ledger, but not what somebody has
// written into it: criteria may name people.
absl::Status StoreWorkflow(Transaction& transaction, const Workflow& workflow) {
  const bool deleted = workflow.state == State::kDeleted;
  return transaction
      .Execute(kUpdateWorkflow, Key(workflow.id)
                                    .Add(deleted ? "" : workflow.display_name)
                                    .Add(workflow.webhook)
                                    .Add(Number(workflow.state))
                                    .Add(workflow.update_time)
                                    .Add(workflow.version)
                                    .Add(deleted ? "" : workflow.filter)
                                    .Add(static_cast<int32_t>(workflow.stop_reason))
                                    .Add(workflow.schedule.time_zone)
                                    .Add(workflow.schedule.hours)
                                    .Add(workflow.schedule.minutes)
                                    .Add(workflow.max_deliveries_per_day))
      .status();
}

// Needs the lock of the workflow, which keeps the boundaries still.
absl::Status StoreRevisions(Transaction& transaction, const Workflow& before, const Workflow& after,
                            const LogHead& head) {
  ASSIGN_OR_RETURN(const Rows rows, transaction.Execute(kLastBoundary, Key(after.id)));
  const Transition transition = MakeTransition(before, after, head.position, rows[0].Int64(0));
  if (transition.close_at) {
    const Params close = Key(after.id).Add(*transition.close_at);
    RETURN_IF_ERROR(transaction.Execute(kDropEmptyRevision, close).status());
    RETURN_IF_ERROR(transaction.Execute(kCloseRevision, close).status());
  }
  if (transition.open_from) {
    RETURN_IF_ERROR(transaction
                        .Execute(kOpenRevision, Key(after.id)
                                                    .Add(head.log_partition)
                                                    .Add(Number(after.workflow_template))
                                                    .Add(after.display_name)
                                                    .Add(after.webhook)
                                                    .Add(*transition.open_from)
                                                    .Add(after.filter)
                                                    .Add(after.max_deliveries_per_day)
                                                    .Add(after.schedule.time_zone))
                        .status());
  }
  // Last, because changes of all workflows of the partition wait for each other here.
  return transaction.Execute(kMoveCatalogVersion, Params().Add(head.log_partition)).status();
}

// What is put off to later days waits at a webhook. Another one owes those days nothing, and one
// that was deleted has taken what waited with it.
absl::Status StoreCapTransition(Transaction& transaction, const Workflow& before,
                                const Workflow& after) {
  const bool lost_its_webhook = after.stop_reason == StopReason::kWebhookDeleted &&
                                before.stop_reason != StopReason::kWebhookDeleted;
  if (HasRuns(after.workflow_template) || (before.webhook == after.webhook && !lost_its_webhook)) {
    return absl::OkStatus();
  }
  // First of all, so that what evaluation counts meanwhile is seen.
  ASSIGN_OR_RETURN(const Rows caps, transaction.Execute(kLockCap, Key(after.id)));
  if (caps.empty()) return absl::OkStatus();
  const auto params = [&] { return Key(after.id).Add(after.update_time); };
  RETURN_IF_ERROR(transaction.Execute(kBackToToday, params()).status());
  return transaction.Execute(kForgetDaysAhead, params()).status();
}

absl::StatusOr<std::vector<int64_t>> ReadVersions(Transaction& transaction,
                                                  const std::vector<int32_t>& log_partitions) {
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kGetCatalogVersions, Params().AddArray(log_partitions)));
  std::vector<int64_t> versions;
  for (const Rows::Row row : rows) versions.push_back(row.Int64(0));
  return versions;
}

absl::StatusOr<Catalog> LoadIn(Transaction& transaction, int32_t log_partition,
                               int64_t passed_position) {
  // Each statement sees what is committed when it begins: with the version first, the revisions are
  // as new as it says, or newer.
  ASSIGN_OR_RETURN(const std::vector<int64_t> versions, ReadVersions(transaction, {log_partition}));
  RETURN_IF_ERROR(
      transaction.Execute(kDropPassedRevisions, Params().Add(log_partition).Add(passed_position))
          .status());
  ASSIGN_OR_RETURN(const Rows rows,
                   transaction.Execute(kGetRevisions, Params().Add(log_partition)));
  std::vector<Revision> revisions;
  revisions.reserve(rows.size());
  for (const Rows::Row row : rows) {
    ASSIGN_OR_RETURN(Revision revision, ReadRevision(row));
    revisions.push_back(std::move(revision));
  }
  return Catalog(versions.front(), std::move(revisions));
}

absl::StatusOr<std::vector<int64_t>> VersionsIn(pg::Pool& pool,
                                                const std::vector<int32_t>& log_partitions,
                                                absl::Time deadline) {
  return pool.Read(deadline, [&](Transaction& transaction) {
    return ReadVersions(transaction, log_partitions);
  });
}

}  // namespace

PgWorkflowStore::PgWorkflowStore(pg::Pool& pool)
    : pool_(pool),
      versions_([&pool](const std::vector<int32_t>& log_partitions, absl::Time deadline) {
        return VersionsIn(pool, log_partitions, deadline);
      }) {}

absl::StatusOr<Workflow> PgWorkflowStore::Create(const NewWorkflow& workflow, absl::Time now,
                                                 absl::Time deadline) {
  return pool_.Run(deadline,
                   [&](Transaction& transaction) { return CreateIn(transaction, workflow, now); });
}

absl::Status PgWorkflowStore::CheckRoom(int64_t community, absl::Time deadline) {
  return pool_.Read(deadline,
                    [&](Transaction& transaction) { return CheckCount(transaction, community); });
}

absl::StatusOr<std::optional<Workflow>> PgWorkflowStore::FindByRequestId(
    int64_t community, absl::string_view request_id, absl::Time deadline) {
  return pool_.Read(
      deadline, [&](Transaction& transaction) { return Find(transaction, community, request_id); });
}

absl::StatusOr<Workflow> PgWorkflowStore::Get(const WorkflowId& id, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kGetWorkflow, Key(id)));
  if (rows.empty()) return WorkflowNotFoundError(id);
  return ReadWorkflow(rows[0]);
}

absl::StatusOr<std::vector<Workflow>> PgWorkflowStore::List(int64_t community, int64_t after,
                                                            int limit, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kListWorkflows,
                                               Params().Add(community).Add(after).Add(limit)));
  std::vector<Workflow> page;
  for (const Rows::Row row : rows) {
    ASSIGN_OR_RETURN(Workflow workflow, ReadWorkflow(row));
    page.push_back(std::move(workflow));
  }
  return page;
}

absl::StatusOr<std::vector<WebhookId>> PgWorkflowStore::EnabledWebhooks(const WebhookId& after,
                                                                        int limit,
                                                                        absl::Time deadline) {
  return ReadIds(pool_, kEnabledWebhooks, Key(after).Add(limit), deadline);
}

absl::StatusOr<std::vector<WorkflowId>> PgWorkflowStore::EnabledSenders(const WebhookId& webhook,
                                                                        absl::Time deadline) {
  return ReadIds(pool_, kEnabledSenders, Key(webhook), deadline);
}

absl::StatusOr<Workflow> PgWorkflowStore::Change(
    const WorkflowId& id, const LogHead& head, const std::function<absl::Status(Workflow&)>& change,
    absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) -> absl::StatusOr<Workflow> {
    ASSIGN_OR_RETURN(const Workflow before, Lock(transaction, id));
    Workflow after = before;
    RETURN_IF_ERROR(change(after));
    if (after == before) return after;
    ++after.version;
    RETURN_IF_ERROR(StoreWorkflow(transaction, after));
    RETURN_IF_ERROR(StoreRunTransition(transaction, before, after, head.log_partition));
    RETURN_IF_ERROR(StoreCapTransition(transaction, before, after));
    RETURN_IF_ERROR(StoreRevisions(transaction, before, after, head));
    return after;
  });
}

absl::StatusOr<int64_t> PgWorkflowStore::Version(int32_t log_partition, absl::Time deadline) {
  return versions_.Get(log_partition, deadline);
}

absl::StatusOr<Catalog> PgWorkflowStore::Load(int32_t log_partition, int64_t passed_position,
                                              absl::Time deadline) {
  return pool_.Run(deadline, [&](Transaction& transaction) {
    return LoadIn(transaction, log_partition, passed_position);
  });
}

}  // namespace crier::evaluator::storage
