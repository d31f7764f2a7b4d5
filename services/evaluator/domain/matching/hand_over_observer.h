// Who wants to know what was handed over to the delivery service.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_HAND_OVER_OBSERVER_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_HAND_OVER_OBSERVER_H_

#include <vector>

#include "services/evaluator/domain/matching/matcher.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// Implementations are thread-safe and do not block.
class HandOverObserver {
 public:
  virtual ~HandOverObserver() = default;

  // Told once for each call that stored messages, by whoever made it, with the webhooks that turned
  // out to be missing: deliveries to them were dropped.
  virtual void HandedOver(const Messages& messages,
                          const std::vector<WebhookId>& missing_webhooks) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_HAND_OVER_OBSERVER_H_
