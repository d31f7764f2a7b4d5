#include "services/evaluator/domain/limits/event_caps.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/matching/match_index.h"

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

using Key = std::pair<int64_t, int64_t>;  // community, workflow

void Add(const Revision& revision, const entity::v1::Event& event, CappedMatches& matches) {
  matches.workflow = revision.workflow;
  matches.time_zone = revision.time_zone;
  matches.cap = revision.max_deliveries_per_day;
  const absl::Time day = LocalDay(revision.time_zone, api::FromProto(event.accept_time())).begin;
  matches.matches.push_back({event.position(), day});
}

// By workflow name and position; those that are let through at once are left out.
using Verdicts = std::map<std::pair<std::string, int64_t>, absl::Time>;

CapEffect PutOff(const Verdicts& verdicts, Messages& messages) {
  CapEffect effect;
  for (EnqueueMessage& message : messages) {
    auto& targets = *message.mutable_targets();
    const auto kept = std::remove_if(targets.begin(), targets.end(), [&](auto& target) {
      const auto verdict = verdicts.find({target.workflow(), message.event().position()});
      if (verdict == verdicts.end()) return false;
      if (verdict->second == absl::InfiniteFuture()) return true;
      *target.mutable_not_before() = api::ToProto(verdict->second);
      ++effect.held;
      return false;
    });
    effect.suppressed += targets.end() - kept;
    targets.erase(kept, targets.end());
  }
  const auto kept = std::remove_if(messages.begin(), messages.end(),
                                   [](const auto& message) { return message.targets().empty(); });
  messages.erase(kept, messages.end());
  return effect;
}

// Whether something is to be delivered in that time. Its days may be of another time zone, which
// the workflow had before.
bool HasReleased(const CapLedger& ledger, const DayBounds& bounds) {
  return std::any_of(ledger.days.lower_bound(bounds.begin), ledger.days.lower_bound(bounds.end),
                     [](const auto& day) { return day.second.released > 0; });
}

// The day that an event of the day `accepted` is to be delivered in, if that has room.
absl::Time DayToFill(const CapLedger& ledger, const std::string& time_zone, absl::Time accepted) {
  absl::Time last_filled = accepted;
  absl::Time day = accepted;
  while (day < ledger.day) {
    const absl::Time end = LocalDay(time_zone, day).end;
    if (!HasReleased(ledger, {day, end})) return last_filled;
    last_filled = day;
    day = end;
  }
  return std::max(ledger.day, accepted);
}

}  // namespace

std::vector<absl::Time> BookMatches(const CappedMatches& matches, int64_t confirmed,
                                    absl::Duration spacing, CapLedger& ledger) {
  std::vector<absl::Time> verdicts;
  for (const CappedMatches::Match& match : matches.matches) {
    if (match.position <= ledger.through_position) {
      const auto before = ledger.recent.find(match.position);
      verdicts.push_back(before == ledger.recent.end() ? absl::InfinitePast() : before->second);
      continue;
    }
    ledger.through_position = match.position;
    absl::Time day = DayToFill(ledger, matches.time_zone, match.day);
    // One day further, or more where those of a clock that was ahead have filled some.
    while (ledger.days[day].released >= matches.cap) day = LocalDay(matches.time_zone, day).end;
    absl::Time verdict = absl::InfinitePast();
    if (day > match.day + kMaxCapHold) {
      ++ledger.days[match.day].suppressed;
      verdict = absl::InfiniteFuture();
    } else {
      ledger.day = day;
      const int64_t before = ledger.days[day].released++;
      if (day > match.day) verdict = day + before * spacing;
    }
    if (verdict != absl::InfinitePast()) ledger.recent[match.position] = verdict;
    verdicts.push_back(verdict);
  }
  ledger.recent.erase(ledger.recent.begin(), ledger.recent.upper_bound(confirmed));
  return verdicts;
}

absl::StatusOr<CapEffect> ApplyCaps(const Catalog& catalog, int64_t confirmed,
                                    absl::Duration spacing, CapStore& store, Messages& messages,
                                    absl::Time deadline) {
  if (!catalog.has_caps()) return CapEffect();
  std::map<Key, CappedMatches> by_workflow;
  for (const EnqueueMessage& message : messages) {
    const auto capped = CappedRevisions(catalog, message.event());
    for (const auto& target : message.targets()) {
      const auto revision = capped.find(target.workflow());
      if (revision == capped.end()) continue;
      const WorkflowId& id = revision->second->workflow;
      Add(*revision->second, message.event(), by_workflow[{id.community, id.id}]);
    }
  }
  if (by_workflow.empty()) return CapEffect();

  std::vector<CappedMatches> all;
  for (auto& [key, matches] : by_workflow) all.push_back(std::move(matches));
  ASSIGN_OR_RETURN(const auto due_times, store.Count(all, confirmed, spacing, deadline));
  Verdicts verdicts;
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string name = api::ResourceName(api::kWorkflows, all[i].workflow);
    for (size_t j = 0; j < due_times[i].size(); ++j) {
      if (due_times[i][j] == absl::InfinitePast()) continue;
      verdicts[{name, all[i].matches[j].position}] = due_times[i][j];
    }
  }
  return PutOff(verdicts, messages);
}

}  // namespace crier::evaluator
