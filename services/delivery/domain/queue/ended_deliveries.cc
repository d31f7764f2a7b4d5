#include "services/delivery/domain/queue/ended_deliveries.h"

namespace crier::delivery {

const char* StateName(DeliveryState state) {
  switch (state) {
    case DeliveryState::kPending:
      return "pending";
    case DeliveryState::kSucceeded:
      return "succeeded";
    case DeliveryState::kExhausted:
      return "exhausted";
    case DeliveryState::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

prometheus::Counter& EndedDeliveries(metrics::Registry& registry, DeliveryState state) {
  return registry.Counter("crier_delivery_deliveries_total", "Deliveries by how they ended.",
                          {{"outcome", StateName(state)}});
}

}  // namespace crier::delivery
