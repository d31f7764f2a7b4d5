#include "services/evaluator/domain/matching/match_index.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/filter/required_texts.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/workflows/criteria.h"

namespace crier::evaluator {

using entity::v1::Event;
using google::protobuf::Message;

const Message& EntityOf(const Event& event) {
  switch (event.entity_case()) {
    case Event::kOrganization:
      return event.organization();
    case Event::kActivity:
      return event.activity();
    default:
      return event.contact();
  }
}

std::optional<Template> TemplateFor(Event::Kind kind) {
  switch (kind) {
    case Event::CONTACT_FOUND:
      return Template::kNewMember;
    case Event::ORGANIZATION_FOUND:
      return Template::kNewOrganization;
    case Event::ACTIVITY_FOUND:
      return Template::kNewActivity;
    default:  // updates, and kinds of a newer ingest service
      return std::nullopt;
  }
}

absl::StatusOr<MatchIndex> MatchIndex::Build(Catalog catalog, const MatchIndex& previous) {
  MatchIndex index;
  index.catalog_ = std::make_shared<const Catalog>(std::move(catalog));
  for (const auto& [key, revisions] : index.catalog_->groups()) {
    auto group = std::make_shared<Group>();
    for (const Revision& revision : revisions) {
      const std::pair text(revision.workflow_template, revision.filter);
      Program& program = index.programs_[text];
      const auto known = previous.programs_.find(text);
      if (program == nullptr && known != previous.programs_.end()) program = known->second;
      if (program == nullptr) {
        auto compiled = CompileCriteria(revision.workflow_template, revision.filter);
        if (!compiled.ok()) {
          return absl::FailedPreconditionError(absl::StrCat(
              "the criteria of ", api::ResourceName(api::kWorkflows, revision.workflow),
              " are not understood by this release: ", compiled.status().message()));
        }
        program = std::make_shared<const filter::Filter>(*std::move(compiled));
      }
      group->candidates.push_back({&revision, program});
      AddToIndex(static_cast<int>(group->candidates.size()) - 1, group->candidates.back(), *group);
    }
    index.groups_[key] = std::move(group);
  }
  return index;
}

void MatchIndex::AddToIndex(int number, const Candidate& candidate, Group& group) {
  const auto add = [&](absl::string_view field, Demand& demand) {
    const auto texts = filter::RequiredTexts(*candidate.criteria, field);
    if (!texts) return false;
    for (const std::string& text : *texts) demand[text].push_back(number);
    return true;
  };
  const bool of_activities = candidate.revision->workflow_template == Template::kNewActivity;
  if (of_activities && add("activity_type", group.by_activity_type)) return;
  if (of_activities && add("service_name", group.by_service_name)) return;
  group.others.push_back(number);
}

std::vector<int> MatchIndex::NumbersFor(const Group& group, const Event& event) {
  std::vector<int> numbers = group.others;
  const auto add = [&numbers](const Demand& demand, absl::string_view text) {
    if (demand.empty()) return;
    const auto found = demand.find(absl::AsciiStrToLower(text));
    if (found == demand.end()) return;
    numbers.insert(numbers.end(), found->second.begin(), found->second.end());
  };
  add(group.by_activity_type, event.activity().activity_type());
  add(group.by_service_name, event.activity().service_name());
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::vector<const Revision*> MatchIndex::Match(const Event& event) const {
  std::vector<const Revision*> fired;
  const std::optional<Template> wanted = TemplateFor(event.kind());
  // One whose entity was erased meanwhile has nothing to send.
  if (!wanted || event.entity_case() == Event::ENTITY_NOT_SET) return fired;
  const auto found = groups_.find({event.community_id(), *wanted});
  if (found == groups_.end()) return fired;
  const Group& group = *found->second;
  const Message& entity = EntityOf(event);
  const absl::Time accept_time = api::FromProto(event.accept_time());
  for (const int number : NumbersFor(group, event)) {
    const Candidate& candidate = group.candidates[number];
    if (candidate.revision->Covers(event.position()) &&
        candidate.criteria->Matches(entity, accept_time)) {
      fired.push_back(candidate.revision);
    }
  }
  return fired;
}

}  // namespace crier::evaluator
