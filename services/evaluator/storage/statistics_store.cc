#include "services/evaluator/storage/statistics_store.h"

#include <cstdint>
#include <optional>

#include "common/status/macros.h"
#include "services/evaluator/storage/statistics_sql.h"

namespace crier::evaluator::storage {

using pg::Params;
using pg::Rows;
using pg::Transaction;

absl::Status PgStatisticsStore::Add(const std::vector<FireCount>& counts, absl::Time deadline) {
  if (counts.empty()) return absl::OkStatus();
  std::vector<int64_t> communities, workflows, matched, enqueued;
  std::vector<std::optional<absl::Time>> times;
  for (const FireCount& count : counts) {
    communities.push_back(count.workflow.community);
    workflows.push_back(count.workflow.id);
    matched.push_back(count.statistics.matched);
    enqueued.push_back(count.statistics.enqueued);
    times.push_back(count.statistics.last_fire_time);
  }
  return pool_.Run(deadline, [&](Transaction& transaction) {
    return transaction
        .Execute(kAddStatistics, Params()
                                     .AddArray(communities)
                                     .AddArray(workflows)
                                     .AddArray(matched)
                                     .AddArray(enqueued)
                                     .AddArray(times))
        .status();
  });
}

absl::StatusOr<std::vector<Statistics>> PgStatisticsStore::Get(const std::vector<WorkflowId>& ids,
                                                               absl::Time deadline) {
  std::vector<int64_t> communities, workflows;
  for (const WorkflowId& id : ids) {
    communities.push_back(id.community);
    workflows.push_back(id.id);
  }
  ASSIGN_OR_RETURN(const Rows rows, pool_.Read(deadline, kGetStatistics,
                                               Params().AddArray(communities).AddArray(workflows)));
  std::vector<Statistics> found;
  for (const Rows::Row row : rows) {
    found.push_back({row.Int64(0), row.Int64(1), row.OptionalTime(2)});
  }
  return found;
}

}  // namespace crier::evaluator::storage
