// Workflows as the API shows them.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_WORKFLOW_PROTO_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_WORKFLOW_PROTO_H_

#include <set>
#include <string>
#include <vector>

#include "common/status/errors.h"
#include "crier/workflow/v1/workflow_service.pb.h"
#include "services/evaluator/domain/limits/release_status.h"
#include "services/evaluator/domain/management/workflows.h"
#include "services/evaluator/domain/matching/statistics_store.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator::transport {

// The fields that an update may change.
const std::vector<std::string>& UpdatableFields();

// A workflow that is not stored has no name, times or etag.
workflow::v1::Workflow ToProto(const Workflow& workflow);

// Adds what the workflow has released, and when it will again.
void AddReleaseStatus(const ReleaseStatus& status, workflow::v1::Workflow& workflow);

// Reads what a workflow of `community` is created from; adds what is wrong to `violations`.
NewWorkflow ReadNewWorkflow(int64_t community, const workflow::v1::Workflow& workflow,
                            FieldViolations& violations);

// Reads a workflow that is previewed without being saved: its template and criteria, and what else
// is given. Adds what is wrong to `violations`.
Workflow ReadUnsavedWorkflow(int64_t community, const workflow::v1::Workflow& workflow,
                             FieldViolations& violations);

// Statistics as a part of the workflow.
void SetStatistics(const Statistics& statistics, workflow::v1::Workflow& proto);

// Reads the fields named in `fields`; adds what is wrong to `violations`.
WorkflowUpdate ReadUpdate(int64_t community, const workflow::v1::Workflow& workflow,
                          const std::set<std::string>& fields, FieldViolations& violations);

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_WORKFLOW_PROTO_H_
