// What a change of a workflow means for its runs.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_RUN_TRANSITION_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_RUN_TRANSITION_H_

#include <cstdint>

#include "absl/status/status.h"
#include "common/pg/transaction.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator::storage {

// Of a workflow whose template has runs: enabling opens its ledger and stores its first run (unless
// a run is unfinished), a new schedule takes effect with its next slot, and disabling or deleting
// cancels what is unfinished. Needs the lock of the workflow. Does nothing for other templates.
absl::Status StoreRunTransition(pg::Transaction& transaction, const Workflow& before,
                                const Workflow& after, int32_t log_partition);

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_RUN_TRANSITION_H_
