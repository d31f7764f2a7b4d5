// What the stores of runs read alike.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_RUN_ROWS_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_RUN_ROWS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/pg/transaction.h"
#include "services/evaluator/domain/runs/page_decision.h"
#include "services/evaluator/domain/workflows/run.h"

namespace crier::evaluator::storage {

inline pg::Params KeyOf(const WorkflowId& id) { return pg::Params().Add(id.community).Add(id.id); }
inline pg::Params KeyOf(const RunId& id) { return KeyOf(id.workflow).Add(id.id); }

// CRIER_RUN_COLUMNS of run_sql.h.
Run ReadRun(const pg::Rows::Row& row);

// Ids separated by spaces, as array_to_string() writes them.
std::vector<int64_t> ReadIds(absl::string_view text);

// The first column of every row.
ContactSet ReadContacts(const pg::Rows& rows);

// Stores a pending run; RunUnfinishedError when the workflow has one.
absl::StatusOr<Run> InsertRun(pg::Transaction& transaction, const WorkflowId& id,
                              int32_t log_partition, RunTrigger trigger, bool full_scan,
                              absl::Time now);

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_RUN_ROWS_H_
