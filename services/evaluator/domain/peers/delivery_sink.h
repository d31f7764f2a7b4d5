// Where matches go: the delivery service.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_DELIVERY_SINK_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_DELIVERY_SINK_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/evaluator/domain/matching/matcher.h"
#include "services/evaluator/domain/workflows/workflow.h"

namespace crier::evaluator {

// Thread-safe. Answers UNAVAILABLE when the delivery service is away, and then a call may have
// taken effect all the same.
class DeliverySink {
 public:
  virtual ~DeliverySink() = default;

  // Stores the batch and moves the producer from `expected_position` to the batch's position, both
  // or neither. Returns where the producer stands after the call: at the batch's position when this
  // call, or an earlier one of the same batch, stored it; elsewhere when somebody else has moved
  // the producer, and then nothing was stored.
  virtual absl::StatusOr<int64_t> Enqueue(absl::string_view producer, int64_t expected_position,
                                          Batch batch, absl::Time deadline) = 0;

  // Where the producer stands; 0 when it never enqueued.
  virtual absl::StatusOr<int64_t> Position(absl::string_view producer, absl::Time deadline) = 0;

  // Whether there is such a webhook.
  virtual absl::StatusOr<bool> WebhookExists(const WebhookId& id, absl::Time deadline) = 0;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_PEERS_DELIVERY_SINK_H_
