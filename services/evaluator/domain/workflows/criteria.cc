#include "services/evaluator/domain/workflows/criteria.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/entity/filter_schemas.h"
#include "common/filter/parser.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::evaluator {

using entity::v1::Event;

Event::EntityCase CriteriaEntity(Template workflow_template) {
  switch (workflow_template) {
    case Template::kNewMember:
    case Template::kMembersThatMeetCriteria:
      return Event::kContact;
    case Template::kNewOrganization:
      return Event::kOrganization;
    case Template::kNewActivity:
      return Event::kActivity;
  }
}

const filter::Schema& CriteriaSchema(Template workflow_template) {
  switch (CriteriaEntity(workflow_template)) {
    case Event::kOrganization:
      return entity::OrganizationFilterSchema();
    case Event::kActivity:
      return entity::ActivityFilterSchema();
    default:
      return entity::ContactFilterSchema();
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
    return InvalidField(
        "filter", absl::StrCat("must nest parentheses at most ", filter::kMaxNesting - 1, " deep"));
  }
  return filter;
}

std::string AlsoDemand(absl::string_view criteria, absl::string_view restriction) {
  // What has no term is no term in parentheses either.
  if (absl::StripAsciiWhitespace(criteria).empty()) return std::string(restriction);
  return absl::StrCat("(", criteria, ") AND ", restriction);
}

}  // namespace crier::evaluator
