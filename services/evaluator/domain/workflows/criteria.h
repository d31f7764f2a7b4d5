// Criteria of workflows: filters over what a template sends.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_CRITERIA_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_CRITERIA_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/filter/filter.h"
#include "common/filter/schema.h"
#include "crier/entity/v1/event.pb.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// Leaves room in a filter for what others add to it, for example the time of a contact's change.
inline constexpr size_t kMaxCriteriaBytes = 8 * 1024;

// Which entity a template is about, as the case of its events.
entity::v1::Event::EntityCase CriteriaEntity(Template workflow_template);

// What the criteria of a template's workflows may speak of: the fields of its entity.
const filter::Schema& CriteriaSchema(Template workflow_template);

// Compiles criteria. INVALID_ARGUMENT on the field `filter` as from filter::Filter::Compile, also
// when there would be no room to put the criteria into parentheses and add to them.
absl::StatusOr<filter::Filter> CompileCriteria(Template workflow_template, absl::string_view text);

// A filter for what meets criteria that CompileCriteria() accepts and a restriction besides, for
// which they leave room.
std::string AlsoDemand(absl::string_view criteria, absl::string_view restriction);

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_WORKFLOWS_CRITERIA_H_
