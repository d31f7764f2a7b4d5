#include "services/evaluator/domain/workflows/run.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/entity/filter_schemas.h"
#include "common/filter/filter.h"
#include "common/status/errors.h"
#include "services/evaluator/domain/workflows/criteria.h"

namespace crier::evaluator {
namespace {

constexpr char kRunPart[] = "/runs/";

bool DependsOnNow(const filter::Condition& condition) {
  const auto* const moment = std::get_if<filter::Moment>(&condition.value);
  return (moment != nullptr && moment->relative) ||
         std::any_of(condition.children.begin(), condition.children.end(), DependsOnNow);
}

bool MayChangeWithTime(const std::string& text) {
  const absl::StatusOr<filter::Filter> filter =
      filter::Filter::Compile(text, entity::ContactFilterSchema());
  return !filter.ok() || DependsOnNow(filter->condition());
}

}  // namespace

std::string RunName(const RunId& id) {
  return absl::StrCat(api::ResourceName(api::kWorkflows, id.workflow), kRunPart, id.id);
}

absl::StatusOr<RunId> ParseRun(absl::string_view field, absl::string_view name) {
  const size_t split = name.rfind(kRunPart);
  if (split != absl::string_view::npos) {
    const absl::string_view number = name.substr(split + sizeof(kRunPart) - 1);
    const auto workflow = api::ParseResource(field, api::kWorkflows, name.substr(0, split));
    const auto id = api::ParseId(number);
    if (workflow.ok() && id) return RunId{*workflow, *id};
  }
  return InvalidField(field,
                      "must have the form communities/{community}/workflows/{workflow}/runs/{run}, "
                      "with positive numbers");
}

std::string RunProducer(const WorkflowId& id) {
  return absl::StrCat("evaluator/workflows/", id.community, "/", id.id);
}

RunScope MakeRunScope(const std::string& filter, const std::optional<LastScan>& last,
                      bool full_scan_wanted, std::optional<absl::Time> head_time, absl::Time now) {
  RunScope scope;
  scope.filter = filter;
  scope.evaluate_time = now;
  scope.head_time = head_time;
  if (last && last->filter == filter && !full_scan_wanted && !MayChangeWithTime(filter)) {
    scope.changed_since = last->head_time;
  }
  return scope;
}

std::string SearchFilter(const RunScope& scope) {
  if (!scope.changed_since) return scope.filter;
  return AlsoDemand(
      scope.filter,
      absl::StrCat("update_time >= \"",
                   absl::FormatTime(absl::RFC3339_full, *scope.changed_since, absl::UTCTimeZone()),
                   "\""));
}

}  // namespace crier::evaluator
