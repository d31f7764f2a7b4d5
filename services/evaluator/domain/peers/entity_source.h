// What is known of a community: the entities of the ingest service.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_ENTITY_SOURCE_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_ENTITY_SOURCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crier/entity/v1/event.pb.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// Thread-safe. Answers UNAVAILABLE when the ingest service is away.
class EntitySource {
 public:
  virtual ~EntitySource() = default;

  // How many entities of the template's kind a community has that a filter matches, with relative
  // times counted from `evaluate_time`.
  virtual absl::StatusOr<int64_t> Count(Template workflow_template, int64_t community,
                                        const std::string& filter, absl::Time evaluate_time,
                                        absl::Time deadline) = 0;

  // Up to `limit` of them, in the order in which they were first stored, each as the event of its
  // being found, without position and time. Relative times count from now.
  virtual absl::StatusOr<std::vector<entity::v1::Event>> Find(Template workflow_template,
                                                              int64_t community,
                                                              const std::string& filter, int limit,
                                                              absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_ENTITY_SOURCE_H_
