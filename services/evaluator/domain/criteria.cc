#include "services/evaluator/domain/criteria.h"

#include "absl/strings/str_cat.h"
#include "common/entity/filter_schemas.h"
#include "common/filter/parser.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::evaluator {

const filter::Schema& CriteriaSchema(Template workflow_template) {
  switch (workflow_template) {
    case Template::kNewMember:
      return entity::ContactFilterSchema();
    case Template::kNewOrganization:
      return entity::OrganizationFilterSchema();
    case Template::kNewActivity:
      return entity::ActivityFilterSchema();
  }
}

absl::StatusOr<filter::Filter> CompileCriteria(Template workflow_template, absl::string_view text) {
  if (text.size() > kMaxCriteriaBytes) {
    return InvalidField("filter", absl::StrCat("must have at most ", kMaxCriteriaBytes, " bytes"));
  }
  ASSIGN_OR_RETURN(filter::Filter filter,
                   filter::Filter::Compile(text, CriteriaSchema(workflow_template)));
  const bool empty = filter.condition().kind == filter::Condition::Kind::kAll;
  if (!empty && !filter::Parse(absl::StrCat("(", text, ")")).ok()) {
    return InvalidField("filter", "nests parentheses too deep; write it with one pair less");
  }
  return filter;
}

}  // namespace crier::evaluator
