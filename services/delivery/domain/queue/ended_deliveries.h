// How deliveries end, as metrics and logs write it.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_ENDED_DELIVERIES_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_ENDED_DELIVERIES_H_

#include "common/metrics/metrics.h"
#include "services/delivery/domain/queue/delivery.h"

namespace crier::delivery {

const char* StateName(DeliveryState state);  // `exhausted`

// Where every delivery that ends in `state`, which is not kPending, is counted once, by whoever
// takes it off the queue. One that is sent again may end again.
prometheus::Counter& EndedDeliveries(metrics::Registry& registry, DeliveryState state);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_ENDED_DELIVERIES_H_
