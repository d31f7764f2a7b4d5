// Entities in memory.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_ENTITY_SOURCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_ENTITY_SOURCE_H_

#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/fakes/fault.h"
#include "services/evaluator/domain/matching/match_index.h"
#include "services/evaluator/domain/peers/entity_source.h"
#include "services/evaluator/domain/workflows/criteria.h"

namespace crier::evaluator {

// Not for concurrent use with Add().
class FakeEntitySource : public EntitySource {
 public:
  // `clock` must outlive the source.
  explicit FakeEntitySource(const Clock& clock, Faults faults = nullptr)
      : clock_(clock), faults_(std::move(faults)) {}

  // An entity as the event of its being found, of its community.
  void Add(entity::v1::Event event) { events_.push_back(std::move(event)); }

  absl::StatusOr<int64_t> Count(Template workflow_template, int64_t community,
                                const std::string& filter, absl::Time evaluate_time,
                                absl::Time) override {
    ASSIGN_OR_RETURN(const std::vector<entity::v1::Event> found,
                     FindAt(workflow_template, community, filter, evaluate_time));
    return static_cast<int64_t>(found.size());
  }

  absl::StatusOr<std::vector<entity::v1::Event>> Find(Template workflow_template, int64_t community,
                                                      const std::string& filter, int limit,
                                                      absl::Time) override {
    ASSIGN_OR_RETURN(std::vector<entity::v1::Event> found,
                     FindAt(workflow_template, community, filter, clock_.Now()));
    if (found.size() > static_cast<size_t>(limit)) found.resize(limit);
    return found;
  }

 private:
  absl::StatusOr<std::vector<entity::v1::Event>> FindAt(Template workflow_template,
                                                        int64_t community, const std::string& text,
                                                        absl::Time now) {
    if (NextFault(faults_) != Fault::kNone) return FaultStatus();
    ASSIGN_OR_RETURN(const filter::Filter filter, CompileCriteria(workflow_template, text));
    std::vector<entity::v1::Event> found;
    for (const entity::v1::Event& event : events_) {
      if (event.community_id() == community && TemplateFor(event.kind()) == workflow_template &&
          filter.Matches(EntityOf(event), now)) {
        found.push_back(event);
      }
    }
    return found;
  }

  const Clock& clock_;
  const Faults faults_;
  std::vector<entity::v1::Event> events_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_ENTITY_SOURCE_H_
