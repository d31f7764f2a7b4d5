#include "services/evaluator/domain/workflow.h"

#include "absl/strings/str_cat.h"

namespace crier::evaluator {

std::string Workflow::etag() const { return absl::StrCat("\"", version, "\""); }

}  // namespace crier::evaluator
