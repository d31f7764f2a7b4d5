// Criteria, tried out.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_PREVIEWER_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_PREVIEWER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/evaluator/domain/peers/entity_source.h"
#include "services/evaluator/domain/peers/target_directory.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// What PreviewWorkflow answers.
struct Preview {
  struct Sample {
    entity::v1::Event event;  // of the entity's being found
    std::vector<std::string> reasons;
  };

  int64_t match_count = 0;
  std::vector<Sample> samples;
  std::string sample_payload;
  int64_t recent_count = 0;
};

// Thread-safe.
class Previewer {
 public:
  // All must outlive the object.
  Previewer(EntitySource& entities, TargetDirectory& targets, const Clock& clock)
      : entities_(entities), targets_(targets), clock_(clock) {}

  // Previews a workflow whose criteria CompileCriteria() accepts; of one that is not saved the id
  // is 0, of one without a webhook that. Counts what was found since `recent` ago.
  // WebhookNotFoundError.
  absl::StatusOr<Preview> Run(const Workflow& workflow, int samples, absl::Duration recent,
                              absl::Time deadline);

 private:
  EntitySource& entities_;
  TargetDirectory& targets_;
  const Clock& clock_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MANAGEMENT_PREVIEWER_H_
