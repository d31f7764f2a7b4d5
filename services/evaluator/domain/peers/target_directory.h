// What the delivery service knows of the webhooks that workflows send to.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_TARGET_DIRECTORY_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_TARGET_DIRECTORY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crier/entity/v1/event.pb.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// Thread-safe. Answers UNAVAILABLE when the delivery service is away.
class TargetDirectory {
 public:
  // How many webhooks one call is asked about at most.
  static constexpr int kMaxWebhooks = 1000;

  virtual ~TargetDirectory() = default;

  // Those of the webhooks that were deleted, or were never there; they never come back.
  virtual absl::StatusOr<std::vector<WebhookId>> FindMissing(const std::vector<WebhookId>& webhooks,
                                                             absl::Time deadline) = 0;

  // The payload of a delivery of the event for the workflow, of which id, name and webhook count.
  // WebhookNotFoundError.
  virtual absl::StatusOr<std::string> RenderPayload(const entity::v1::Event& event,
                                                    const Workflow& workflow,
                                                    absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_TARGET_DIRECTORY_H_
