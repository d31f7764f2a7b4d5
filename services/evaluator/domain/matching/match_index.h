// The workflows of a log partition, ready to be matched with events.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_MATCH_INDEX_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_MATCH_INDEX_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/filter/filter.h"
#include "crier/entity/v1/event.pb.h"
#include "services/evaluator/domain/matching/catalog.h"
#include "services/evaluator/domain/workflows/revision.h"

namespace crier::evaluator {

// The template whose workflows an event of this kind fires; nothing for changes of what was known.
std::optional<Template> TemplateFor(entity::v1::Event::Kind kind);

// The entity of an event, which criteria are about.
const google::protobuf::Message& EntityOf(const entity::v1::Event& event);

// A catalog whose criteria are compiled, with an index that spares most of them a look at an event:
// by community, template and, for activities, by the activity type or the service name that the
// criteria demand. The index never leaves out a workflow that could match. Immutable; safe to read
// from any thread; copies share what is compiled.
class MatchIndex {
 public:
  // Of the empty catalog.
  MatchIndex() = default;

  // Compiles what `previous` has not compiled already. FAILED_PRECONDITION, naming the workflow,
  // when stored criteria are not understood: they were written by a later release than this one,
  // and to evaluate without them would lose or invent deliveries.
  static absl::StatusOr<MatchIndex> Build(Catalog catalog, const MatchIndex& previous);

  const Catalog& catalog() const { return *catalog_; }

  // The revisions that an event fires, in the order of workflow ids: those that cover its position
  // and whose criteria its entity meets, with relative times counted from its accept time, so that
  // evaluating it again says the same. Valid as long as the index.
  std::vector<const Revision*> Match(const entity::v1::Event& event) const;

 private:
  using Program = std::shared_ptr<const filter::Filter>;
  struct Candidate {
    const Revision* revision = nullptr;
    Program criteria;
  };
  // Numbers of candidates, ascending, by a text that each of them demands, in lower case.
  using Demand = absl::flat_hash_map<std::string, std::vector<int>>;
  // The workflows of a community and template. Each candidate is in one of the three places, and
  // under every text that would do.
  struct Group {
    std::vector<Candidate> candidates;
    Demand by_activity_type;
    Demand by_service_name;
    std::vector<int> others;
  };

  static void AddToIndex(int number, const Candidate& candidate, Group& group);
  static std::vector<int> NumbersFor(const Group& group, const entity::v1::Event& event);

  std::shared_ptr<const Catalog> catalog_ = std::make_shared<Catalog>();
  absl::flat_hash_map<std::pair<int64_t, Template>, std::shared_ptr<const Group>> groups_;
  absl::flat_hash_map<std::pair<Template, std::string>, Program> programs_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_MATCH_INDEX_H_
