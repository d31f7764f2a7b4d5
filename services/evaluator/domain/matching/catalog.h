// The workflows of one log partition, ready for matching.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_CATALOG_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_CATALOG_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "services/evaluator/domain/workflows/revision.h"

namespace crier::evaluator {

// Immutable; safe to read from any thread.
class Catalog {
 public:
  // Knows no workflow, and is older than every stored catalog.
  Catalog() = default;

  // `version` is what CatalogStore::Version said when the revisions were read, or an older one.
  Catalog(int64_t version, std::vector<Revision> revisions);

  int64_t version() const { return version_; }

  // The revisions of each community's workflows of each template, in the order of Find().
  const absl::flat_hash_map<std::pair<int64_t, Template>, std::vector<Revision>>& groups() const {
    return revisions_;
  }

  // The revisions of a community's workflows of one template, by workflow id and position.
  absl::Span<const Revision> Find(int64_t community, Template workflow_template) const;

  // Whether some revision has a daily cap.
  bool has_caps() const { return has_caps_; }

  // Whether some revision covers a position after `after` up to and including `until`.
  bool CoversAny(int64_t after, int64_t until) const;

 private:
  int64_t version_ = -1;
  bool has_caps_ = false;
  absl::flat_hash_map<std::pair<int64_t, Template>, std::vector<Revision>> revisions_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_CATALOG_H_
