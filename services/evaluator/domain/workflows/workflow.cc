#include "services/evaluator/domain/workflows/workflow.h"

#include "common/api/etag.h"

namespace crier::evaluator {

std::string Workflow::etag() const { return api::Etag(version); }

}  // namespace crier::evaluator
