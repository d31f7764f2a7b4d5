#include "services/evaluator/domain/event_caps.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/match_index.h"

namespace crier::evaluator {
namespace {

using delivery::v1::EnqueueMessage;

// The capped revisions that fire for an event, by the names that targets call their workflows.
std::map<std::string, const Revision*> CappedRevisions(const Catalog& catalog,
                                                       const entity::v1::Event& event) {
  std::map<std::string, const Revision*> capped;
  const std::optional<Template> fired = TemplateFor(event.kind());
  if (!fired) return capped;
  for (const Revision& revision : catalog.Find(event.community_id(), *fired)) {
    if (revision.max_deliveries_per_day > 0 && revision.Covers(event.position())) {
      capped[api::ResourceName(api::kWorkflows, revision.workflow)] = &revision;
    }
  }
  return capped;
}

using DayKey = std::tuple<int64_t, int64_t, absl::Time>;  // community, workflow, day

// What is to be counted, and where: targets by the place of their match.
struct Matches {
  std::map<DayKey, CappedMatches> days;

  void Add(const Revision& revision, const entity::v1::Event& event) {
    const absl::Time day = LocalDay(revision.time_zone, api::FromProto(event.accept_time())).begin;
    CappedMatches& matches = days[{revision.workflow.community, revision.workflow.id, day}];
    matches.workflow = revision.workflow;
    matches.day = day;
    matches.cap = revision.max_deliveries_per_day;
    matches.positions.push_back(event.position());
  }
};

void RemoveTargets(const std::set<std::pair<std::string, int64_t>>& suppressed,
                   Messages& messages) {
  for (EnqueueMessage& message : messages) {
    auto& targets = *message.mutable_targets();
    const auto kept = std::remove_if(targets.begin(), targets.end(), [&](const auto& target) {
      return suppressed.contains({target.workflow(), message.event().position()});
    });
    targets.erase(kept, targets.end());
  }
  const auto kept = std::remove_if(messages.begin(), messages.end(),
                                   [](const auto& message) { return message.targets().empty(); });
  messages.erase(kept, messages.end());
}

}  // namespace

std::vector<int64_t> CountMatches(const CappedMatches& matches, int64_t confirmed, CappedDay& day) {
  std::set<int64_t> recent(day.suppressed_positions.begin(), day.suppressed_positions.end());
  std::vector<int64_t> suppress;
  for (const int64_t position : matches.positions) {
    if (position > day.through_position) {
      day.through_position = position;
      if (day.released < matches.cap) {
        ++day.released;
        continue;
      }
      ++day.suppressed;
      recent.insert(position);
    }
    if (recent.contains(position)) suppress.push_back(position);
  }
  day.suppressed_positions.assign(recent.upper_bound(confirmed), recent.end());
  return suppress;
}

absl::Status ApplyCaps(const Catalog& catalog, int64_t confirmed, CapStore& store,
                       Messages& messages, absl::Time deadline) {
  if (!catalog.has_caps()) return absl::OkStatus();
  Matches matches;
  for (const EnqueueMessage& message : messages) {
    const auto capped = CappedRevisions(catalog, message.event());
    for (const auto& target : message.targets()) {
      const auto revision = capped.find(target.workflow());
      if (revision != capped.end()) matches.Add(*revision->second, message.event());
    }
  }
  if (matches.days.empty()) return absl::OkStatus();

  std::vector<CappedMatches> days;
  for (auto& [key, day] : matches.days) days.push_back(std::move(day));
  ASSIGN_OR_RETURN(const auto suppress, store.Count(days, confirmed, deadline));
  std::set<std::pair<std::string, int64_t>> suppressed;
  for (size_t i = 0; i < days.size(); ++i) {
    const std::string name = api::ResourceName(api::kWorkflows, days[i].workflow);
    for (const int64_t position : suppress[i]) suppressed.emplace(name, position);
  }
  if (!suppressed.empty()) RemoveTargets(suppressed, messages);
  return absl::OkStatus();
}

}  // namespace crier::evaluator
