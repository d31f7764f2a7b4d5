// EnqueueDeliveries on its way from the wire to the domain.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_ENQUEUE_REQUEST_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_ENQUEUE_REQUEST_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crier/delivery/v1/delivery_service.pb.h"
#include "services/delivery/domain/intake/enqueuer.h"

namespace crier::delivery::transport {

// INVALID_ARGUMENT on `producer`.
absl::Status CheckProducer(const std::string& producer);

// INVALID_ARGUMENT names what breaks a rule of the .proto for one message; `field` is its path in
// the request.
absl::StatusOr<EnqueueRequest::Message> ReadEnqueueMessage(const std::string& field,
                                                           const v1::EnqueueMessage& message);

// INVALID_ARGUMENT names what breaks a rule of the .proto; of the messages, the first that does.
absl::StatusOr<EnqueueRequest> ReadEnqueueRequest(const v1::EnqueueDeliveriesRequest& request);

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_ENQUEUE_REQUEST_H_
