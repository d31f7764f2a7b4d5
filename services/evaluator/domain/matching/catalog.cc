#include "services/evaluator/domain/matching/catalog.h"

#include <algorithm>
#include <tuple>

namespace crier::evaluator {

Catalog::Catalog(int64_t version, std::vector<Revision> revisions) : version_(version) {
  std::sort(revisions.begin(), revisions.end(), [](const Revision& a, const Revision& b) {
    return std::tie(a.workflow.id, a.from_position) < std::tie(b.workflow.id, b.from_position);
  });
  for (Revision& revision : revisions) {
    has_caps_ = has_caps_ || revision.max_deliveries_per_day > 0;
    const std::pair key(revision.workflow.community, revision.workflow_template);
    revisions_[key].push_back(std::move(revision));
  }
}

absl::Span<const Revision> Catalog::Find(int64_t community, Template workflow_template) const {
  const auto found = revisions_.find({community, workflow_template});
  if (found == revisions_.end()) return {};
  return found->second;
}

bool Catalog::CoversAny(int64_t after, int64_t until) const {
  for (const auto& [key, revisions] : revisions_) {
    for (const Revision& revision : revisions) {
      const bool ends_before = revision.until_position && *revision.until_position <= after;
      if (revision.from_position < until && !ends_before) return true;
    }
  }
  return false;
}

}  // namespace crier::evaluator
